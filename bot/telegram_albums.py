"""Puts albums together again: Telegram delivers several files sent at once as separate messages."""

from __future__ import annotations

import asyncio

from telegram import Message


class Albums:
    """The albums that are arriving."""

    def __init__(self, wait_s: float) -> None:
        self._wait_s = wait_s
        self._open: dict[tuple[int, str], list[Message]] = {}

    async def gather(self, message: Message) -> tuple[Message, ...]:
        """Return the whole album to its first message, nothing to the others; a single message at once.

        An album is whole when no further message came for ``wait_s`` seconds: nothing marks its end.
        """
        if message.media_group_id is None:
            return (message,)
        key = message.chat_id, message.media_group_id
        if key in self._open:
            self._open[key].append(message)
            return ()
        parts = self._open[key] = [message]
        n_before = 0
        while n_before != len(parts):
            n_before = len(parts)
            await asyncio.sleep(self._wait_s)
        del self._open[key]
        return tuple(sorted(parts, key=lambda part: part.message_id))
