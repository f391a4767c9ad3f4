"""An answer as it was written, before it is recorded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from core.texts import say
from core.types import Generation, Language, Source

Show = Callable[[str], Awaitable[None]]
"""Shows the whole text of an answer as far as it is written."""


CLOSEST = "closest"
"""The ``used`` of quotes that may not answer, and are said not to be an answer."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A written answer; ``used`` as in ``core.types.Answer``, ``generation`` ``None`` when no model wrote it."""

    text: str
    used: str
    model: str | None = None
    sources: tuple[Source, ...] = ()
    generation: Generation | None = None
    latency_ms: Mapping[str, float] = field(default_factory=dict)


def unknown(language: Language) -> Draft:
    """Return the answer "I don't know"."""
    return Draft(say(language, "answer.unknown"), "abstained")
