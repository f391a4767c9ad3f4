"""Handoffs: questions passed to moderators, and their replies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from core.services.review import Verdict


@dataclass(frozen=True, slots=True)
class HandoffReply:
    """What became of a moderator's reply to ``question``; ``is_new`` is false when there was one before."""

    question: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class HandoffQuestion:
    """A question: one that waits for a human under its own number, or one that AION answered, under its answer's."""

    number: int
    question: str


class HandoffsPort(Protocol):
    """Handoffs to moderators. Bound to the space and the person of the message."""

    async def ask(self, answer_id: int) -> bool:
        """Pass the question of an answer to the moderators, once; ``False``: they have no channel.

        Raises ``BadInput`` when the answer was not given in the space.
        """
        ...

    async def last_asked(self) -> HandoffQuestion | None:
        """Return what the person asked last where the message is, if anything; small talk is no question."""
        ...

    async def waiting(self, limit: int) -> tuple[HandoffQuestion, ...]:
        """Return the oldest questions that wait for the moderators of the space."""
        ...

    async def reply(self, number: int, text: str) -> HandoffReply:
        """Pass a moderator's reply on to who asked, if it is the first. Raises ``BadInput`` on an unknown number."""
        ...

    async def teach(self, number: int) -> Verdict | None:
        """Make a question and its reply a document, through review; ``None``: they are one, wait or were rejected.

        Raises ``BadInput`` on an unknown number, and before there is a reply.
        """
        ...
