"""Stores of what passages are embedded as: vectors by embedder, second vectors, and chunks to be stored."""
