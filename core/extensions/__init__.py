"""Plugins of third parties: files in the data folder, each in a thread of its own, enabled space by space."""
