"""Fuzzing of whatever reads untrusted bytes: ``make fuzz``, not part of the tests."""
