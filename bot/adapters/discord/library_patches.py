"""Three changes to discord.py.

A malformed event is logged and skipped, where it would end the client. A follow-up of an interaction that met a 5xx,
and so may have been sent, is not sent again by the library. A client that is closed before it was ready is not ready
two seconds later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import aiohttp
import discord

from bot.platform_errors import UNREADABLE

log = logging.getLogger(__name__)

_VITAL = ("READY", "RESUMED")
"""Events without which there is no session: one of these malformed must end it, loudly."""


def skip_malformed_events(client: discord.Client) -> None:
    """Log and skip every event that discord.py cannot parse, but for those a session depends on."""
    parsers = client._connection.parsers
    for name, parse in parsers.items():
        if name not in _VITAL:
            parsers[name] = _guarded(name, parse)


def _guarded(name: str, parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def guarded(data: Any) -> Any:
        try:
            return parse(data)
        except (OSError, *UNREADABLE) as error:
            log.error("Discord: a malformed %s event was skipped: %r", name, error)
            return None

    return guarded


def forget_readiness(client: discord.Client) -> None:
    """Cancel the task that waits for the client's servers, which discord.py leaves running when it closes."""
    task = client._connection._ready_task
    if task is not None:
        task.cancel()


def forbid_followup_retries() -> aiohttp.TraceConfig:
    """Return a trace for discord.py's connections which raises ``ClientResponseError`` on a 5xx of a webhook's POST.

    That is the one request of a reply that is not idempotent; discord.py would repeat it.
    """
    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(_refuse)
    return trace


async def _refuse(session: aiohttp.ClientSession, context: object, end: aiohttp.TraceRequestEndParams) -> None:
    response = end.response
    if end.method == "POST" and response.status >= 500 and "/webhooks/" in end.url.path:
        raise aiohttp.ClientResponseError(response.request_info, response.history, status=response.status)
