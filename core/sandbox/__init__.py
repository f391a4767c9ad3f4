"""Processes that do work on untrusted bytes, and are killed when it takes too long or too much memory."""
