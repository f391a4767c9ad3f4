"""One file per revision: ``vNNNN_what_changed.py``."""
