"""Telegram's limits: 30 messages a second overall, about one a second in a chat, 20 a minute in a group.

Published at https://core.telegram.org/bots/faq; Telegram bans whoever exceeds them for a time it names. Sends, edits
and the typing sign count alike. Each limit is kept with some to spare, since what is sent evenly may arrive in a bunch.
"""

from __future__ import annotations

import asyncio

from telegram.error import RetryAfter

from bot.delivery.clock import StreamClock
from bot.delivery.rate_limit import RateBudgets, WriteLimit

OVERALL = WriteLimit(3, 0.12, 1)
"""At most 27 in any second, evenly: whoever sends 30 at once cannot say in which second they arrive."""

PRIVATE_CHAT = WriteLimit(20, 21.0, 10)
GROUP = WriteLimit(20, 61.0, 10)

N_ON_THEIR_WAY = 8
"""Messages sent at a time: a crash leaves these in doubt, as Telegram cannot tell which of them arrived."""


def ban_s(flood: RetryAfter) -> float:
    """Return for how many seconds Telegram wants to hear nothing."""
    wait = flood.retry_after  # a timedelta where PTB_TIMEDELTA is set, as the adapter does
    return float(wait) if isinstance(wait, int | float) else wait.total_seconds()


class TelegramRateLimits:
    """The budgets of one bot, by chat; a group's id is negative, as on Telegram."""

    def __init__(self, clock: StreamClock | None = None) -> None:
        self._budgets = RateBudgets(OVERALL, clock)
        self.on_its_way = asyncio.Semaphore(N_ON_THEIR_WAY)

    async def admit(self, chat_id: int) -> None:
        """Return when one thing may be written to the chat. Raises ``NotDelivered`` while Telegram bans it."""
        await self._budgets.admit(chat_id, _limit(chat_id))

    def spare(self, chat_id: int) -> None:
        """Let something merely cosmetic pass. Raises ``NotDelivered`` where final texts may need the budget."""
        self._budgets.spare(chat_id, _limit(chat_id))

    def ban(self, chat_id: int, duration_s: float) -> None:
        """Write nothing to the chat for that long; a shorter ban never ends a longer one."""
        self._budgets.ban(chat_id, _limit(chat_id), duration_s)


def _limit(chat_id: int) -> WriteLimit:
    return GROUP if chat_id < 0 else PRIVATE_CHAT
