"""Evaluation: labelled sets, metrics of ranking, selective answering and written answers, and their measurement."""
