"""Fetching the web without being abused."""
