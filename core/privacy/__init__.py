"""Pseudonyms, personal data in texts, per-person data rights, and retention."""
