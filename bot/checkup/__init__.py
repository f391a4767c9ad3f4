"""Looking AION over before it runs and beside it: what keeps it silent, and what mends that."""
