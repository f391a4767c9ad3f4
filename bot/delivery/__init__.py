"""Delivery on any platform: the sequence for a message, streaming by edits, splitting, rate limits, resuming."""
