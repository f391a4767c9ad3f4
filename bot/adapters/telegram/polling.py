"""Fetches updates from Telegram: for ever, whatever happens on the way, or not at all and loudly."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from bot.adapters.telegram.rate_limits import ban_s

log = logging.getLogger(__name__)

T = TypeVar("T")

WANTED = [Update.MESSAGE, Update.EDITED_MESSAGE, Update.CALLBACK_QUERY, Update.MESSAGE_REACTION]


@dataclass(frozen=True, slots=True)
class PollTiming:
    """How long one poll waits for news, and how long to pause after failures: doubling, up to a bound. Seconds."""

    poll_s: float = 30.0
    first_pause_s: float = 1.0
    longest_pause_s: float = 30.0

    def pause_s(self, n_failures: int, error: TelegramError) -> float:
        """Return how long to wait after the ``n_failures``-th failure in a row; a flood ban is obeyed exactly."""
        if isinstance(error, RetryAfter):
            return ban_s(error)
        return float(min(self.first_pause_s * 2 ** min(n_failures - 1, 10), self.longest_pause_s))


class PollRequest(HTTPXRequest):
    """The connection updates come through. An update the library cannot read becomes an empty one with its number.

    Otherwise it would be fetched again for ever, and nothing behind it would ever arrive.
    """

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read a response; see ``telegram.request.BaseRequest.parse_json_payload``."""
        response: dict[str, Any] = HTTPXRequest.parse_json_payload(payload)
        if isinstance(result := response.get("result"), list):
            response["result"] = [_readable(update) for update in result]
        return response


def _readable(update: dict[str, Any]) -> dict[str, Any]:
    try:
        Update.de_json(json.loads(json.dumps(update)), None)  # parsing empties what it is given
    except (TypeError, ValueError, KeyError, AttributeError, LookupError, OSError) as error:
        log.error("update %s cannot be read and is skipped: %s", update.get("update_id"), type(error).__name__)
        return {"update_id": update["update_id"]}
    return update


async def persist(
    call: Callable[[], Awaitable[T]],
    patience: PollTiming,
    what: str,
    final: tuple[type[TelegramError], ...] = (InvalidToken,),
    n_attempts: int | None = None,
) -> T:
    """Make a call until it succeeds. Raises what ``final`` names at once, the rest after ``n_attempts`` (never)."""
    n_failures = 0
    while True:
        try:
            return await call()
        except TelegramError as error:
            n_failures += 1
            if isinstance(error, final) or n_failures == n_attempts:
                raise
            if isinstance(error, Conflict):
                log.error("409 Conflict: another program is polling Telegram with this token; stop one of them")
            pause_s = patience.pause_s(n_failures, error)
            log.warning("Telegram: %s failed (%s); again in %.1f s", what, error.message[:200], pause_s)
        await asyncio.sleep(pause_s)


@dataclass(slots=True)
class PollingStatus:
    """When Telegram was last heard, on ``time.monotonic``'s clock; during a ban it is not expected to be."""

    at_s: float | None = None

    def note(self, later_s: float = 0.0) -> None:
        """Note that it was heard, and said to wait for ``later_s`` seconds."""
        self.at_s = time.monotonic() + later_s


async def updates_of(
    bot: Bot, patience: PollTiming, hearing: PollingStatus, settled: Callable[[], Awaitable[None]]
) -> AsyncGenerator[Update, None]:
    """Yield every update once it arrives.

    Asking Telegram for the next ones confirms those before, so that is done once they are ``settled``.
    Raises ``InvalidToken`` when Telegram refuses the token, and nothing else.
    """
    offset: int | None = None

    async def fetch() -> tuple[Update, ...]:
        try:
            updates = await bot.get_updates(offset, timeout=timedelta(seconds=patience.poll_s), allowed_updates=WANTED)
        except RetryAfter as flood:
            hearing.note(ban_s(flood))
            raise
        hearing.note()
        return updates

    while True:
        await settled()
        for update in await persist(fetch, patience, "getUpdates"):
            yield update
            offset = update.update_id + 1
