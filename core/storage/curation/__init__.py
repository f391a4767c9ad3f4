"""Stores of what a space may learn: gaps, watches, readings, proposals for review, and authors' consents."""
