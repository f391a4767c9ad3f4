"""Grounding: support checks of written answers, extractive answers, citations, and the reader's excerpt."""
