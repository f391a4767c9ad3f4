"""Parsing documents and pages in sandboxes: bytes from outside in, text in chunks out."""
