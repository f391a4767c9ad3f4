"""Pseudonyms, personal data in texts, each person's rights, and retention."""
