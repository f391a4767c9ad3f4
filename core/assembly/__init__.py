"""The composition root: settings and data folder in, a running core out."""
