"""Quiz questions made of what a community taught: a sentence with a figure left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class QuizQuestion:
    """A verbatim sentence of a document with the characters ``start`` to ``end`` of the document's text left out.

    ``before`` and ``after`` are the sentence's text on either side; ``options`` hold the figure left out and others
    like it, in random order.
    """

    document_id: int
    title: str
    before: str
    after: str
    start: int
    end: int
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuizVerdict:
    """Whether a figure is the one left out; ``answer`` is that one, and ``sentence`` holds it."""

    is_right: bool
    answer: str
    sentence: str
    title: str


class QuizPort(Protocol):
    """Quiz questions of a space. Bound to the space of the message."""

    async def question(self) -> QuizQuestion:
        """Return a question about the space's own documents. Raises ``BadInput`` when nothing in them has a figure."""
        ...

    async def check(self, document_id: int, start: int, end: int, given: str) -> QuizVerdict:
        """Compare a figure with the one left out. Raises ``BadInput`` when the document is gone or has changed."""
        ...
