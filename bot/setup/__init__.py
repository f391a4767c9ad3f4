"""The first run: what AION needs to know, asked once and kept in ``.env``."""
