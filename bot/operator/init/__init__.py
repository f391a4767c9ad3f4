"""``aion init``: questions, validation and the ``.env`` file."""
