"""Keeps discord.py from sending a command's follow-up again by itself when Discord may have taken it already."""

from __future__ import annotations

import aiohttp


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
