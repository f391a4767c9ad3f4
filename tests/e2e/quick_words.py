"""What the quick application says to ``/echo``."""

from __future__ import annotations


def spoken(text: str) -> str:
    """Return what ``/echo`` says to ``text``."""
    return f"Echo: {text}" + (" Once more, with feeling." * 400 if "long" in text else "")
