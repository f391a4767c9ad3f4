"""What a search finds, and how sure the gate is of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.types.ground import Language, Vector
from core.types.knowledge import Passage


@dataclass(frozen=True, slots=True)
class SpaceChanges:
    """What happened to a space's searchable passages between two revisions, read in one transaction.

    ``added`` (ascending ids) became searchable and still are; ``removed`` were and may be unknown to the reader;
    an id in both is searchable.
    """

    revision: int
    added: tuple[int, ...]
    removed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class QueryTerm:
    """A content word of a question: as typed, and how rare it is in what was searched (BM25's idf, nats, > 0)."""

    text: str
    idf: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a search found. ``dense`` is its cosine to the query, ``lexical`` its BM25 score (0: not found).

    ``vector`` is the passage's embedding, shape ``(dim,)``; ``score`` is the fused one the ranking goes by;
    ``matched`` are the places in ``SearchResult.terms`` of the words it contains.
    """

    passage: Passage
    score: float
    dense: float
    lexical: float
    vector: Vector
    matched: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search brought back: ``hits`` by fused score (at most 24), ``context`` the MMR choice (at most 8).

    ``n_searched`` counts the passages that could have been found.
    """

    query: str
    language: Language
    query_vector: Vector
    hits: tuple[Hit, ...]
    context: tuple[Hit, ...]
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    terms: tuple[QueryTerm, ...] = ()
    n_searched: int = 0


Band = Literal["local", "provider", "abstain"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the gate is sure or not: ``key`` names a sentence in section ``[reason]``, ``values`` fill its gaps."""

    key: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure the gate is that the passages hold the answer, 0..1, and why (most telling reason first).

    ``spec`` is the specification's C (section 3.5), kept beside the calibrated ``value`` for comparison.
    """

    value: float
    spec: float
    reasons: tuple[Reason, ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """Who should answer, and why."""

    band: Band
    confidence: Confidence
