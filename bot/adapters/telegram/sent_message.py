"""A message of the bot, by where it is; and the text that a journal keeps of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message by its chat and its id there.

    One that a single member of a group sees (``bot.adapters.telegram.ephemeral``) has that account as ``seen_by``, and
    an id of its own kind.
    """

    chat_id: int
    message_id: int
    seen_by: int | None = None

    def __str__(self) -> str:
        """Return ``CHAT_ID:MESSAGE_ID``, followed by ``:SEEN_BY`` where one member sees it."""
        return f"{self.chat_id}:{self.message_id}" + (f":{self.seen_by}" if self.seen_by is not None else "")

    @classmethod
    def parse(cls, written: str) -> Self:
        """Return the message that ``str`` wrote."""
        return cls(*map(int, written.split(":")))
