"""Shared by the terminal's commands: language, output, and opening AION."""
