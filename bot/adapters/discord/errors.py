"""What an error of discord.py means for delivery (``bot.delivery.errors``)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import discord

from bot.delivery.errors import MessageGone, NotDelivered, PossiblyDelivered, Undeliverable
from bot.platform_errors import UNREADABLE

_UNKNOWN_MESSAGE, _UNKNOWN_WEBHOOK, _TOO_MANY_LATE_EDITS, _TOKEN_EXPIRED = 10008, 10015, 30046, 50027
_MESSAGE_IS_LOST = {_UNKNOWN_MESSAGE, _UNKNOWN_WEBHOOK, _TOO_MANY_LATE_EDITS, _TOKEN_EXPIRED}
"""Discord's JSON error codes: https://docs.discord.com/developers/topics/opcodes-and-status-codes."""


@contextmanager
def failures(*, repeatable: bool) -> Iterator[None]:
    """Raise a ``DeliveryFailed`` in place of what discord.py raises in the block.

    A lost or unreadable response is ``NotDelivered`` where the request is ``repeatable``, that is cannot take effect
    twice, else ``PossiblyDelivered``.
    """
    unsure = NotDelivered if repeatable else PossiblyDelivered
    try:
        yield
    except discord.RateLimited as error:
        raise NotDelivered(str(error), error.retry_after) from error
    except discord.DiscordServerError as error:
        raise unsure(str(error)) from error
    except discord.HTTPException as error:
        if error.status == 429:
            raise NotDelivered(str(error), _retry_after_s(error)) from error
        raise (MessageGone if error.code in _MESSAGE_IS_LOST else Undeliverable)(str(error)) from error
    except aiohttp.ClientConnectorError as error:
        raise NotDelivered(repr(error)) from error  # the request never left
    except (aiohttp.ClientError, OSError, *UNREADABLE) as error:  # TimeoutError is an OSError
        raise unsure(repr(error)) from error


def _retry_after_s(error: discord.HTTPException) -> float | None:
    try:
        return float(error.response.headers["Retry-After"])
    except (KeyError, ValueError):
        return None
