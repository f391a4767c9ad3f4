"""What happened in a channel, in points that each name the messages they are from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

SummaryPart = Literal["decided", "answered", "open", "written", "said", "discussed", "shared"]
"""``decided``, ``answered``, ``open`` questions, ``discussed`` most, ``shared`` links; what was ``said``, in its own
words, or as it was ``written`` by a model."""


@dataclass(frozen=True, slots=True)
class SummaryPoint:
    """One point. ``text`` is untrusted, ``reply`` what answered a question; ``n`` counts the replies to a message.

    ``urls`` are permalinks of the messages it is from; empty where the platform has none.
    """

    part: SummaryPart
    text: str
    urls: tuple[str, ...]
    reply: str = ""
    n: int = 0


@dataclass(frozen=True, slots=True)
class ChannelSummary:
    """What happened since ``since``, in points part by part; ``is_cut``: there was more than could be read."""

    points: tuple[SummaryPoint, ...]
    n_messages: int
    n_people: int
    since: datetime
    is_cut: bool


class SummaryPort(Protocol):
    """Summaries of the channel that a message is in, for its sender."""

    async def read(self, since: str) -> ChannelSummary:
        """Return what happened since a moment: ``hour``, ``today``, ``3d``, a date, or ``last``, their last message.

        Raises ``BadInput`` for anything else, in a private chat, and where nothing can be read; ``Unavailable`` over a
        limit.
        """
        ...
