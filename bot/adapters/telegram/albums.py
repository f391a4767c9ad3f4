"""Joins albums: Telegram delivers several files sent at once as separate messages of one media group."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from telegram import Message


@dataclass(slots=True)
class Album:
    """The parts of one album so far, and the callbacks to call once it is accepted."""

    _wait_s: float
    _parts: list[Message] = field(default_factory=list)
    _waiting: list[Callable[[], None]] = field(default_factory=list)

    @property
    def parts(self) -> tuple[Message, ...]:
        """Return the parts that arrived, in the order they were sent."""
        return tuple(sorted(self._parts, key=lambda part: part.message_id))

    @property
    def is_captioned(self) -> bool:
        """Return whether the part with the caption arrived."""
        return any(part.caption for part in self._parts)

    def add(self, part: Message, accepted: Callable[[], None]) -> None:
        """Add a part; ``accepted`` is called when the album is accepted, and at once for a part without a caption.

        Telegram sends the updates with further parts only after these are confirmed.
        """
        self._parts.append(part)
        if part.caption:
            self._waiting.append(accepted)
        else:
            accepted()

    def accepted(self) -> None:
        """Call the callbacks: a crash would not lose the album any more."""
        for accepted in self._waiting:
            accepted()

    async def complete(self) -> tuple[Message, ...]:
        """Return all parts once no further one has come for the wait: nothing marks the last one."""
        n_before = 0
        while n_before != len(self._parts):
            n_before = len(self._parts)
            await asyncio.sleep(self._wait_s)
        return self.parts


class Albums:
    """The albums that are arriving, by chat and media group; complete ``wait_s`` seconds after the last part."""

    def __init__(self, wait_s: float) -> None:
        self._wait_s = wait_s
        self._open: dict[tuple[int, str], Album] = {}

    def add(self, part: Message, group_id: str, accepted: Callable[[], None]) -> Album | None:
        """Return the album that ``part`` begins, or ``None`` where it was added to one that has begun."""
        key = part.chat_id, group_id
        begun = self._open.get(key)
        album = begun or self._open.setdefault(key, Album(self._wait_s))
        album.add(part, accepted)
        return None if begun else album

    def close(self, part: Message, group_id: str) -> None:
        """Forget an album that was handled."""
        self._open.pop((part.chat_id, group_id), None)
