"""Learning from what people said in the chat, with their consent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from core.types import PostedMessage


@dataclass(frozen=True, slots=True)
class TeachingOutcome:
    """The outcome of teaching a post; ``values`` fill the gaps of its sentence.

    ``personal``: it holds a secret or personal data; ``asked``: its authors are asked first; ``declined``: one of them
    does not want it; the others are as in ``Finding``.
    """

    title: str
    url: str
    outcome: Literal["proposed", "waiting", "known", "personal", "asked", "declined"]
    values: Mapping[str, object] = field(default_factory=dict)


class ChatTeachingPort(Protocol):
    """Learning from posted messages. Bound to the space and the person of the message."""

    async def each(self, posts: Sequence[PostedMessage]) -> tuple[TeachingOutcome, ...]:
        """Make every post a document, through its author's consent and review."""
        ...

    async def thread(self, posts: Sequence[PostedMessage]) -> tuple[TeachingOutcome, ...]:
        """Make a thread one document, question and answers. Raises ``BadInput`` when there is no answer."""
        ...

    async def consent(self, *, is_given: bool) -> int:
        """Record whether the sender's own words may be learned here; return how many texts now go to review."""
        ...
