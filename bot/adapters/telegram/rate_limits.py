"""Telegram's limits: 30 messages a second overall, about one a second in a chat, 20 a minute in a group.

Published at https://core.telegram.org/bots/faq; Telegram bans whoever exceeds them for a time it names. Sends, edits
and typing signs count alike. The budgets stay below the limits, since evenly spaced requests may arrive bunched.
"""

from __future__ import annotations

import asyncio

from telegram.error import RetryAfter

from bot.delivery.clock import StreamClock
from bot.delivery.rate_limit import RateBudgets, WriteLimit

OVERALL = WriteLimit(3, 0.12, 1)
"""At most 27 in any second, evenly spaced, since the second in which requests arrive is not known."""

PRIVATE_CHAT = WriteLimit(20, 21.0, 10)
GROUP = WriteLimit(20, 61.0, 10)

N_IN_FLIGHT = 8
"""Messages sent at a time: of these a crash loses the result, and Telegram cannot tell which arrived."""


def ban_s(flood: RetryAfter) -> float:
    """Return how many seconds a flood ban lasts."""
    wait = flood.retry_after  # a timedelta where PTB_TIMEDELTA is set, as the adapter does
    return float(wait) if isinstance(wait, int | float) else wait.total_seconds()


class TelegramRateLimits:
    """The budgets of one bot, by chat id; a group's is negative."""

    def __init__(self, clock: StreamClock | None = None) -> None:
        self._budgets = RateBudgets(OVERALL, clock)
        self.in_flight = asyncio.Semaphore(N_IN_FLIGHT)

    async def admit(self, chat_id: int) -> None:
        """Wait until one write to the chat is within the limits. Raises ``NotDelivered`` while Telegram bans it."""
        await self._budgets.admit(chat_id, _limit(chat_id))

    def admit_cosmetic(self, chat_id: int) -> None:
        """Count a cosmetic write now. Raises ``NotDelivered`` where the budget is kept for final texts."""
        self._budgets.admit_cosmetic(chat_id, _limit(chat_id))

    def ban(self, chat_id: int, duration_s: float) -> None:
        """Refuse all writes to the chat for ``duration_s`` seconds; a shorter ban never ends a longer one."""
        self._budgets.ban(chat_id, _limit(chat_id), duration_s)


def _limit(chat_id: int) -> WriteLimit:
    return GROUP if chat_id < 0 else PRIVATE_CHAT
