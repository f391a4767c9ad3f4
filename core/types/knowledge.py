"""What a space was taught: documents, their passages, and what waits to become one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
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
