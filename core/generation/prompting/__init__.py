"""Prompts: their text and passages; and reasoning tags in replies."""
