"""Grounding: support checks of written answers, extractive answers and citations."""
