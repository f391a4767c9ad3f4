"""Recurring jobs: what they do, their scheduler, and their status."""
