"""Importing chat histories: readers of export formats, conversations, and what in them teaches."""
