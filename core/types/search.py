"""Search results, and the gate's confidence in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.types.base import Language, Vector
from core.types.knowledge import Passage


@dataclass(frozen=True, slots=True)
class SpaceChanges:
    """Changes of a space's searchable passages since a revision, read in one transaction.

    ``added`` (ascending ids) became searchable since then and still are; ``removed`` no longer are, unless they are in
    ``added`` too, and may be unknown to the reader.
    """

    revision: int
    added: tuple[int, ...]
    removed: tuple[int, ...]


AnswerType = Literal["money", "number", "time", "duration", "person", "place", "contact"]
"""What kind of expression answers a question, where its wording tells."""


@dataclass(frozen=True, slots=True)
class QueryTerm:
    """A distinct word of a question, folded: lower case, without accents.

    ``stems`` has its stem in each language a passage may be in; ``prefixes`` are its spelling prefixes
    (``core.confidence.spelling``: several for an identifier, none for a short word). ``is_framing``: it belongs to how
    the question is put (*how many*, *qual tipo*), not to its subject. ``idf`` is the inverse document frequency in
    what was searched, nats, > 0; 0 before a search.
    """

    text: str
    stems: Mapping[Language, str]
    prefixes: tuple[str, ...] = ()
    is_framing: bool = False
    idf: float = 0.0


@dataclass(frozen=True, slots=True)
class AnalyzedQuestion:
    """A question as its search analysed it, once: what judges and writes after the search reads it from here.

    ``terms`` are its content words, or all its words where every one is framing; ``stems`` those of all its words in
    ``language`` without stop-words; ``prefixes`` the spelling prefixes of all its words in order; ``answer_types``
    what it asks for, empty where its wording tells nothing; ``unmentioned`` what it asks about, as typed, where that
    is known and no passage that was found names it.
    """

    text: str
    language: Language
    terms: tuple[QueryTerm, ...] = ()
    stems: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    answer_types: tuple[AnswerType, ...] = ()
    unmentioned: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A found passage. ``dense`` is its cosine to the query, ``lexical`` its BM25 score (0: not found).

    ``vector`` is the passage's embedding, shape ``(dim,)``; ``score`` is the fused score of the ranking;
    ``matched`` are the positions in ``AnalyzedQuestion.terms`` of the words it contains; ``evidence`` are a reader's
    log-odds that it answers, ``None`` where it was not read.
    """

    passage: Passage
    score: float
    dense: float
    lexical: float
    vector: Vector
    matched: tuple[int, ...] = ()
    evidence: float | None = None


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The result of a search: ``hits`` by fused score (at most 24), ``context`` by MMR (at most 8).

    ``n_searched`` is the number of passages in the searched indexes; ``lead`` how far a reader saw one passage ahead of
    the next ones, a difference of cosines, ``None`` where it saw none.
    """

    question: AnalyzedQuestion
    query_vector: Vector
    hits: tuple[Hit, ...]
    context: tuple[Hit, ...]
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    n_searched: int = 0
    lead: float | None = None

    @property
    def is_read(self) -> bool:
        """Return whether a reader read some of the hits."""
        return any(hit.evidence is not None for hit in self.hits)


Band = Literal["local", "provider", "abstain"]


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason: ``key`` is a sentence of the catalogue's section ``[reason]``, ``values`` fill its gaps."""

    key: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Confidence:
    """The probability that the passages hold the answer, 0..1, with its reasons, the most important first.

    ``spec`` is the specification's C (section 3.5), kept beside the calibrated ``value`` for comparison.
    """

    value: float
    spec: float
    reasons: tuple[Reason, ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """The band of who should answer, and the confidence it follows from."""

    band: Band
    confidence: Confidence
