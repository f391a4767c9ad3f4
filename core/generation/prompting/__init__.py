"""Prompts: their text, the passages in them, and what models wrap around their replies."""
