"""Events that discord.py cannot read: by default they end the client, here they are logged and skipped."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import discord

log = logging.getLogger(__name__)

_VITAL = ("READY", "RESUMED")
"""Events without which there is no session: one of these malformed must end it, loudly."""


def survive_malformed_events(client: discord.Client) -> None:
    """Let an event that discord.py cannot read be logged and skipped."""
    parsers = client._connection.parsers
    for name, parse in parsers.items():
        if name not in _VITAL:
            parsers[name] = _guarded(name, parse)


def _guarded(name: str, parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def guarded(data: Any) -> Any:
        try:
            return parse(data)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            log.error("Discord: a malformed %s event was skipped: %r", name, error)
            return None

    return guarded
