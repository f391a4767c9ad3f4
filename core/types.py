"""The words AION is written in: small frozen values that travel between its layers.

Covers what a message, a passage, a search result, a decision and an answer are.
Does not cover how any of them is stored (``core.storage``) or shown (``bot``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NewType

import numpy as np
from numpy.typing import NDArray

Language = Literal["en", "pt"]
"""A language AION speaks: the one it answers in, and the one a text is stemmed in."""

LANGUAGES: tuple[Language, ...] = ("en", "pt")

SpaceId = NewType("SpaceId", str)
"""The tenant every read is scoped to: ``discord:<guild>``, ``telegram:<chat>``, ``terminal:<user>``."""

GLOBAL = SpaceId("global")
"""The operator's own space, readable from every other space and written from the command line."""

Platform = Literal["discord", "telegram", "terminal", "http"]

Vector = NDArray[np.float32]
"""One L2-normalised embedding, shape ``(dim,)``."""

Matrix = NDArray[np.float32]
"""L2-normalised embeddings, shape ``(n, dim)``."""


def readable_spaces(space: SpaceId) -> tuple[SpaceId, ...]:
    """Return the spaces a question asked in ``space`` may be answered from: its own and the global one."""
    return (space,) if space == GLOBAL else (space, GLOBAL)


# --- people and messages -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """Who sent a message. ``id`` is the platform's own (``discord:42``); storage keeps a keyed hash of it."""

    id: str
    name: str
    is_moderator: bool = False


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message; ``read`` fetches its bytes, and is only called once the size is accepted."""

    name: str
    size_bytes: int
    read: Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Message:
    """One thing a person said, whatever the platform.

    ``key`` names the message on its platform for ever (``discord:<message id>``), so a redelivery is recognised.
    ``conversation`` is the channel, thread or chat it was said in; ``branched_from`` the one a thread was opened in.
    ``command`` is ``None`` for a plain question. ``locale`` is the platform's own tag for the person (``pt-BR``), where
    it gives one.
    ``addressed`` is false for what was overheard in a channel where AION may answer unasked.
    ``address`` is all its adapter needs to reply after a restart; empty where that cannot be.
    """

    key: str
    platform: Platform
    space: SpaceId
    conversation: str
    person: Person
    text: str
    locale: str | None = None
    command: str | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    branched_from: str | None = None
    addressed: bool = True
    address: Mapping[str, str] = field(default_factory=dict)


# --- knowledge -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chunk:
    """A cut of a text: ``text == source[start:end]``, with the headings it stands under (``Guide > Hours``)."""

    text: str
    start: int
    end: int
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A stored chunk of a document, quotable: offsets count characters in the document's extracted text."""

    id: int
    document_id: int
    space: SpaceId
    document: str
    heading: str
    text: str
    start: int
    end: int
    language: Language


@dataclass(frozen=True, slots=True)
class Document:
    """What was indexed: ``names`` are the paths, addresses or file names that hold this very content."""

    id: int
    space: SpaceId
    title: str
    names: tuple[str, ...]
    language: Language
    n_passages: int
    n_chars: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """A page as fetched: the address that was asked for, the one it was found at, and its decompressed bytes."""

    url: str
    final_url: str
    content_type: str
    data: bytes


Outcome = Literal["added", "replaced", "unchanged", "duplicate"]


@dataclass(frozen=True, slots=True)
class Indexed:
    """What became of one document that was handed in. ``duplicate_of`` names the one that holds the same text."""

    name: str
    outcome: Outcome
    n_passages: int
    duplicate_of: str | None = None


# --- search and confidence -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened to a space's searchable passages between two revisions, read in one transaction.

    ``added`` (ascending ids) became searchable and still are; ``removed`` were and may be unknown to the reader;
    an id in both is searchable. ``n_passages`` is how many are searchable at ``revision``.
    """

    revision: int
    added: tuple[int, ...]
    removed: tuple[int, ...]
    n_passages: int


@dataclass(frozen=True, slots=True)
class QueryTerm:
    """A content word of a question: as typed, and how rare it is in what was searched (BM25's idf, nats, > 0)."""

    text: str
    idf: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a search found. ``dense`` is its cosine to the query, ``lexical`` its BM25 score (0: not found).

    ``vector`` is the passage's embedding, shape ``(dim,)``; ``score`` is the fused one the ranking goes by;
    ``matched`` are the places in ``Found.terms`` of the words it contains.
    """

    passage: Passage
    score: float
    dense: float
    lexical: float
    vector: Vector
    matched: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
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


# --- generation ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a chat prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to draw tokens. The defaults are the specification's (section 4.2)."""

    temperature: float = 0.6
    top_p: float = 0.9
    max_new_tokens: int = 512
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of streamed text, with the log-probability of each token in it where the generator knows them."""

    text: str
    log_probs: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Generation:
    """A finished text and how it came to be."""

    text: str
    generator: str
    model: str
    prompt: tuple[Turn, ...]
    sampling: Sampling
    log_probs: tuple[float, ...] = ()
    lora_version: str | None = None


# --- answers -------------------------------------------------------------------------------------


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
    """What AION replied. ``used`` is ``local``, ``extract``, a provider's name, ``abstained`` or ``silent``."""

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
class Reply:
    """What a platform shows: common Markdown, with thumbs when it answers a question. ``private``: caller only."""

    text: str
    language: Language
    answer_id: int | None = None
    sources: tuple[Source, ...] = ()
    private: bool = False
    buttons: tuple[Button, ...] = ()
