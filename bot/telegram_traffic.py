"""How much may be written to Telegram, and when: one budget per chat, one for the bot.

Sends, edits and the typing sign draw on the same budgets. Telegram publishes 30 messages a second overall, one a
second in a chat and 20 a minute in a group (https://core.telegram.org/bots/faq), and bans whoever exceeds it for a
time it names; during such a ban nothing is sent to that chat.
"""

from __future__ import annotations

from dataclasses import dataclass

from telegram.error import RetryAfter

from bot.delivery.failure import NotDelivered
from bot.delivery.stream import Clock, SystemClock

MAX_CHATS = 1024
"""Chats whose budgets are kept before the untouched ones are dropped."""


def ban_s(flood: RetryAfter) -> float:
    """Return for how many seconds Telegram wants to hear nothing."""
    wait = flood.retry_after  # a timedelta where PTB_TIMEDELTA is set, as the adapter does
    return float(wait) if isinstance(wait, int | float) else wait.total_seconds()


@dataclass(slots=True)
class Bucket:
    """A token bucket that may be overdrawn: whoever overdraws it waits until it is level again."""

    capacity: float
    per_s: float
    tokens: float
    at_s: float

    def level(self, now_s: float) -> float:
        """Return the tokens there are now, negative when overdrawn."""
        self.tokens = min(self.capacity, self.tokens + (now_s - self.at_s) * self.per_s)
        self.at_s = now_s
        return self.tokens

    def take(self, now_s: float) -> float:
        """Take one token and return how many seconds to wait before using it."""
        self.tokens = self.level(now_s) - 1
        return max(0.0, -self.tokens / self.per_s)


@dataclass(slots=True)
class _Chat:
    bucket: Bucket
    banned_until_s: float = 0.0


class Traffic:
    """The outbound budgets of one bot. Group chats are those with a negative id, as on Telegram."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._overall = Bucket(30, 30, 30, 0.0)
        self._chats: dict[int, _Chat] = {}

    async def admit(self, chat_id: int) -> None:
        """Return when one thing may be written to the chat. Raises ``NotDelivered`` while Telegram bans it."""
        chat, now_s = self._chat(chat_id), self._clock.now_s()
        if chat.banned_until_s > now_s:
            raise NotDelivered("the chat is in a flood ban", retry_after_s=chat.banned_until_s - now_s)
        wait_s = max(chat.bucket.take(now_s), self._overall.take(now_s))
        if wait_s > 0:
            await self._clock.sleep(wait_s)

    def spare(self, chat_id: int) -> None:
        """Let something merely cosmetic pass. Raises ``NotDelivered`` unless more than half of both budgets is left."""
        chat, now_s = self._chat(chat_id), self._clock.now_s()
        buckets = (chat.bucket, self._overall)
        if chat.banned_until_s > now_s or any(2 * b.level(now_s) <= b.capacity for b in buckets):
            raise NotDelivered("the budget is kept for final texts")
        for bucket in buckets:
            bucket.take(now_s)

    def ban(self, chat_id: int, duration_s: float) -> None:
        """Write nothing to the chat for that long; a shorter ban never ends a longer one."""
        chat = self._chat(chat_id)
        chat.banned_until_s = max(chat.banned_until_s, self._clock.now_s() + duration_s)

    def _chat(self, chat_id: int) -> _Chat:
        if chat_id not in self._chats:
            now_s = self._clock.now_s()
            if len(self._chats) >= MAX_CHATS:
                self._forget_idle(now_s)
            per_s = 20 / 60 if chat_id < 0 else 1.0
            self._chats[chat_id] = _Chat(Bucket(20, per_s, 20, now_s))
        return self._chats[chat_id]

    def _forget_idle(self, now_s: float) -> None:
        busy = {
            chat_id: chat
            for chat_id, chat in self._chats.items()
            if chat.banned_until_s > now_s or chat.bucket.level(now_s) < chat.bucket.capacity
        }
        self._chats = busy
