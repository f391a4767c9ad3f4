"""What AION replied, and what people think of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.types.ground import Language
from core.types.search import Confidence


@dataclass(frozen=True, slots=True)
class Source:
    """A numbered citation: ``quote`` is a verbatim piece of the passage it names."""

    n: int
    document: str
    heading: str
    quote: str
    passage_id: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What AION replied.

    ``used`` is ``local``, ``extract``, a provider's name, ``cache``, ``abstained`` or ``silent``.
    """

    id: int
    text: str
    used: str
    model: str | None
    language: Language
    confidence: Confidence
    sources: tuple[Source, ...] = ()
    latency_ms: Mapping[str, float] = field(default_factory=dict)


Thumb = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Rating:
    """One person's thumb on one answer; ``None`` withdraws it."""

    answer_id: int
    person_id: str
    thumb: Thumb | None


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a reply, which calls ``command`` with ``argument`` for whoever presses it.

    ``label`` is in the reader's language (at most 40 characters); command and argument together fit in 48 bytes, so
    that every platform can keep them in the button, where they outlive a restart.
    """

    label: str
    command: str
    argument: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """A file that comes with a reply; one whose name ends in ``.png`` is shown as a picture."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What a platform shows: common Markdown, with thumbs when it answers a question. ``private``: caller only.

    ``settles``: what was pressed to get it has served its purpose, and loses its buttons.
    """

    text: str
    language: Language
    answer_id: int | None = None
    sources: tuple[Source, ...] = ()
    private: bool = False
    buttons: tuple[Button, ...] = ()
    settles: bool = False
    files: tuple[File, ...] = ()
