"""What programs are answered, as values: not knowing is one of them, and no sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AskOutcome = Literal["answered", "outside", "closest", "unknown"]
"""``answered``: from the community's documents, with sources; ``outside``: from a model's own knowledge, which is not
the community's; ``closest``: AION is not sure, and its sources may not answer; ``unknown``: it does not know."""


@dataclass(frozen=True, slots=True)
class QuotedSource:
    """A citation: ``quote`` is verbatim from a document of the community."""

    n: int
    document: str
    heading: str
    quote: str


@dataclass(frozen=True)  # no slots: the MCP SDK takes their descriptors for default values
class AskResult:
    """The result of a question. ``answer`` is Markdown, ``None`` when the outcome is ``closest`` or ``unknown``.

    ``confidence`` is the calibrated probability, 0..1, that the passages hold the answer; ``reasons`` say why.
    """

    outcome: AskOutcome
    answer: str | None
    confidence: float
    reasons: tuple[str, ...]
    language: str
    sources: tuple[QuotedSource, ...]


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage that a search found, best first; ``cosine`` is of its embedding to the query's, -1..1."""

    document: str
    heading: str
    text: str
    cosine: float


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A cluster of people's questions without a good answer; ``asked_at`` is ISO 8601, of the latest."""

    number: int
    question: str
    examples: tuple[str, ...]
    n_questions: int
    n_people: int
    asked_at: str


@dataclass(frozen=True, slots=True)
class ProgramIdentity:
    """What a token stands for."""

    name: str
    space: str
