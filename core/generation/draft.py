"""An answer as it was written, before it is recorded."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

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


_CITATION = re.compile(r"(?<!\w)\[(\d{1,2})\]")


def several(parts: Sequence[tuple[str, Draft]]) -> Draft:
    """Return one answer to several questions, each below its question, with the sources numbered through.

    Its ``used`` is that of the first part that answers; a part that does not answer says so itself.
    """
    texts, sources = list[str](), list[Source]()
    for question, draft in parts:
        numbers = {source.n: n for n, source in enumerate(draft.sources, start=len(sources) + 1)}
        texts.append(f"▸ {question}\n{_renumbered(draft.text, numbers)}")
        sources += [replace(source, n=numbers[source.n]) for source in draft.sources]
    drafts = [draft for _, draft in parts]
    answered = [draft for draft in drafts if draft.sources and draft.used != CLOSEST]
    told = next(iter(answered or [draft for draft in drafts if draft.sources] or drafts))
    return Draft("\n\n".join(texts), told.used, told.model, tuple(sources))


def _renumbered(text: str, numbers: Mapping[int, int]) -> str:
    """Return ``text`` with its citations by their new numbers; one that cites none cites its first source."""
    cited = {int(match[1]) for match in _CITATION.finditer(text)}
    if not numbers or cited & set(numbers):
        return _CITATION.sub(lambda match: f"[{numbers.get(int(match[1]), match[1])}]", text)
    separator = "\n" if text.endswith(("```", "~~~")) else " "  # a fence is alone on its line
    return f"{text}{separator}[{min(numbers.values())}]"


def unknown(language: Language) -> Draft:
    """Return the answer "I don't know"."""
    return Draft(say(language, "answer.unknown"), "abstained")
