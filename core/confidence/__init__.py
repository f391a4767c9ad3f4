"""Calibrated probability that the passages hold the answer, and the gate that decides by it who answers."""
