"""Metrics of ranking and of selective answering."""
