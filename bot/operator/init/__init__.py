"""``aion init``: questions, keys and the ``.env`` file of a first run."""
