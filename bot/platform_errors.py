"""Errors of chat platforms that pass: one that cannot be reached, and replies that are not of the documented form."""

from __future__ import annotations

from core.errors import Unavailable

UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What reading a reply raises where a field is missing, or is not what the platform documents."""


class Outage(Unavailable):
    """A platform cannot be reached for now: its adapter is to be started again later."""
