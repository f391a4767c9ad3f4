"""What a space was taught: documents, their passages, and what waits to become one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from core.types.ground import Language, SpaceId


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
    """A page as fetched: the address that was asked for, the one it was found at, and its decompressed bytes.

    ``etag`` and ``last_modified`` are the server's own words for this version of it, where it has any.
    """

    url: str
    final_url: str
    content_type: str
    data: bytes
    etag: str = ""
    last_modified: str = ""


Outcome = Literal["added", "replaced", "unchanged", "duplicate"]


@dataclass(frozen=True, slots=True)
class IndexedDocument:
    """What became of one document that was handed in. ``duplicate_of`` names the one that holds the same text."""

    name: str
    outcome: Outcome
    n_passages: int
    duplicate_of: str | None = None


ProposalStatus = Literal["pending", "approved", "rejected"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A text that waits for a moderator, or was decided on. ``name`` is its address or what it is called.

    ``origin`` says what it was found for, ``excerpts`` are its most telling pieces, verbatim, and ``score`` is its
    quality, 0..1, where it was judged. ``replaces`` is the document its name means now, if any.
    """

    id: int
    space: SpaceId
    name: str
    site: str
    title: str
    language: Language
    text: str
    origin: str
    score: float | None
    excerpts: tuple[str, ...]
    status: ProposalStatus
    decided_by: str | None
    reason: str
    created_at: datetime
    replaces: int | None = None


GapStatus = Literal["open", "researched", "dismissed"]


@dataclass(frozen=True, slots=True)
class Gap:
    """Something people asked that AION could not answer well; ``examples`` are other ways in which it was asked."""

    id: int
    question: str
    language: Language
    examples: tuple[str, ...]
    n_questions: int
    n_people: int
    asked_at: datetime
    status: GapStatus


WatchKind = Literal["web", "theme", "folder"]
"""``web`` is a page or a feed."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Something that is looked at again and again. ``error`` says why the last look saw nothing, else it is empty."""

    id: int
    space: SpaceId
    kind: WatchKind
    target: str
    language: Language
    every: timedelta
    created_by: str
    next_at: datetime
    looked_at: datetime | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class ReadingReport:
    """What came of reading about a theme, or a page: ``reasons`` counts pages left out by the key of a sentence.

    ``finished_at`` is ``None`` while it goes on, and for one that was cut short.
    """

    theme: str
    started_at: datetime
    finished_at: datetime | None
    n_pages: int
    n_kept: int
    reasons: Mapping[str, int]
    error: str
