"""Repeats Bot API calls that failed, with the pauses of ``PollTiming``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, TelegramError

from bot.adapters.telegram.timing import PollTiming
from bot.platform_errors import UNREADABLE

log = logging.getLogger(__name__)

T = TypeVar("T")

N_ATTEMPTS = 3
"""Attempts of ``retry_briefly``."""

_REFUSALS = (BadRequest, Forbidden, InvalidToken)


class OddReply(TelegramError):
    """A reply of Telegram that cannot be read: the call may have had its effect."""


async def reply_of(call: Callable[[], Awaitable[T]]) -> T:
    """Make a call and return its result. Raises ``OddReply`` where the library cannot read the reply."""
    try:
        return await call()
    except UNREADABLE as error:
        raise OddReply(f"a reply that cannot be read, {type(error).__name__}") from error


async def retry(
    call: Callable[[], Awaitable[T]],
    timing: PollTiming,
    what: str,
    final: tuple[type[TelegramError], ...] = (InvalidToken,),
    n_attempts: int | None = None,
) -> T:
    """Repeat a call until it succeeds and return its result; ``what`` names it in the log.

    Raises errors of the classes ``final`` at once, any other ``TelegramError`` (``OddReply`` for an unreadable reply)
    after ``n_attempts``; ``None`` of these means no limit.
    """
    n_failures = 0
    while True:
        try:
            return await reply_of(call)
        except TelegramError as error:
            n_failures += 1
            if isinstance(error, final) or n_failures == n_attempts:
                raise
            if isinstance(error, Conflict):
                log.error("409 Conflict: another program is polling Telegram with this token; stop one of them")
            pause_s = timing.pause_s(n_failures, error)
            log.warning("Telegram: %s failed (%s); again in %.1f s", what, error.message[:200], pause_s)
        await asyncio.sleep(pause_s)


async def retry_briefly(call: Callable[[], Awaitable[T]], timing: PollTiming, what: str) -> T:
    """Repeat a call up to ``N_ATTEMPTS`` times. Raises ``TelegramError``, at once where Telegram refuses the call."""
    return await retry(call, timing, what, _REFUSALS, N_ATTEMPTS)
