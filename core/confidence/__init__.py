"""How sure AION is that the passages hold the answer, and who may answer then."""
