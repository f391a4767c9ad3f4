"""Readers of chat exports: from the bytes of each format to its messages."""
