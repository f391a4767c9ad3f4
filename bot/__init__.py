"""Adapters of the chat platforms, delivery of replies, the command line and HTTP."""
