"""Two defaults of discord.py changed from outside.

A malformed event is logged and skipped, where it would end the client; a command's follow-up is not sent again by the
library when Discord may have taken it already.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import aiohttp
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


def no_blind_repeats() -> aiohttp.TraceConfig:
    """Return a trace for discord.py's connections which raises ``ClientResponseError`` on a follow-up's 5xx.

    Only a POST to a webhook is concerned, the one call that takes effect twice when it is made twice.
    """
    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(_refuse)
    return trace


async def _refuse(session: aiohttp.ClientSession, context: object, end: aiohttp.TraceRequestEndParams) -> None:
    response = end.response
    if end.method == "POST" and response.status >= 500 and "/webhooks/" in end.url.path:
        raise aiohttp.ClientResponseError(response.request_info, response.history, status=response.status)
