"""Measurements and comparisons: search, answers, gate and LoRA versions on labelled sets."""
