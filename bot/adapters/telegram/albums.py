"""Puts albums together again: Telegram delivers several files sent at once as separate messages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from telegram import Message


@dataclass(slots=True)
class Album:
    """The parts of one album so far, and who is to be told once the album is accepted."""

    _wait_s: float
    _parts: list[Message] = field(default_factory=list)
    _waiting: list[Callable[[], None]] = field(default_factory=list)

    @property
    def parts(self) -> tuple[Message, ...]:
        """Return what has arrived, in the order it was sent."""
        return tuple(sorted(self._parts, key=lambda part: part.message_id))

    @property
    def is_captioned(self) -> bool:
        """Tell whether the part with the words is there; all the others can be asked for again."""
        return any(part.caption for part in self._parts)

    def add(self, part: Message, accepted: Callable[[], None]) -> None:
        """Add a part; ``accepted`` is called when the album is accepted, and at once for a part without words.

        More parts come with later updates, for which these must be confirmed.
        """
        self._parts.append(part)
        if part.caption:
            self._waiting.append(accepted)
        else:
            accepted()

    def accepted(self) -> None:
        """Tell all who wait that a crash would not lose the album any more."""
        for accepted in self._waiting:
            accepted()

    async def whole(self) -> tuple[Message, ...]:
        """Return all parts once no further one has come for a while: nothing marks the end."""
        n_before = 0
        while n_before != len(self._parts):
            n_before = len(self._parts)
            await asyncio.sleep(self._wait_s)
        return self.parts


class Albums:
    """The albums that are arriving, each known for ``wait_s`` seconds after its last part."""

    def __init__(self, wait_s: float) -> None:
        self._wait_s = wait_s
        self._open: dict[tuple[int, str], Album] = {}

    def add(self, part: Message, group_id: str, accepted: Callable[[], None]) -> Album | None:
        """Return the album that ``part`` begins, or ``None`` where it went into one that has begun."""
        key = part.chat_id, group_id
        begun = self._open.get(key)
        album = begun or self._open.setdefault(key, Album(self._wait_s))
        album.add(part, accepted)
        return None if begun else album

    def close(self, part: Message, group_id: str) -> None:
        """Forget an album whose parts have all been used."""
        self._open.pop((part.chat_id, group_id), None)
