"""Documents and passages, and what curation keeps: proposals, gaps, watches, readings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from core.types.base import Language, SpaceId


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a text: ``text == source[start:end]``; ``heading`` is its path of headings (``Guide > Hours``)."""

    text: str
    start: int
    end: int
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A stored chunk of a document; ``start`` and ``end`` count characters in the document's extracted text."""

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
    """An indexed text; ``names`` are the paths, addresses or file names it was indexed under."""

    id: int
    space: SpaceId
    title: str
    names: tuple[str, ...]
    language: Language
    n_passages: int
    n_chars: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class StorageLimit:
    """How much a space may hold: documents, characters of text, and web pages read in 24 hours; 0 is no limit."""

    n_documents: int = 0
    n_chars: int = 0
    n_pages: int = 0


@dataclass(frozen=True, slots=True)
class StorageUsage:
    """What a space holds, and its limit."""

    n_documents: int
    n_chars: int
    limit: StorageLimit

    def has_room(self, n_documents: int, n_chars: int) -> bool:
        """Return whether so many more documents with so many characters together fit."""
        limit = self.limit
        fits = not limit.n_documents or self.n_documents + n_documents <= limit.n_documents
        return fits and (not limit.n_chars or self.n_chars + n_chars <= limit.n_chars)

    @property
    def share(self) -> float:
        """Return the used share of the tighter limit; 0 without one."""
        limit = self.limit
        pairs = (self.n_documents, limit.n_documents), (self.n_chars, limit.n_chars)
        return max((used / most for used, most in pairs if most), default=0.0)


@dataclass(frozen=True, slots=True)
class Page:
    """A fetched page: the requested address, the one after redirects, and its decompressed bytes.

    ``etag`` and ``last_modified`` are the validators of this version, empty where the server sent none.
    """

    url: str
    final_url: str
    content_type: str
    data: bytes
    etag: str = ""
    last_modified: str = ""


IndexOutcome = Literal["added", "replaced", "unchanged", "duplicate"]


@dataclass(frozen=True, slots=True)
class IndexedDocument:
    """The outcome of indexing one document; ``duplicate_of`` is the name of a document with the same text."""

    name: str
    outcome: IndexOutcome
    n_passages: int
    duplicate_of: str | None = None


ProposalStatus = Literal["pending", "approved", "rejected", "withdrawn"]
"""``withdrawn``: a newer text took its place, or what it was made of was deleted."""


@dataclass(frozen=True, slots=True)
class LessonPart:
    """The words of one message in a text learned from a chat: where they are, and a pseudonym of their author.

    ``key`` is the message's, as in ``Message``. The words of a question are its title.
    """

    key: str
    person: str
    is_question: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """A text that waits for a moderator's decision, or got one. ``name`` is its address or title.

    ``origin`` is the theme, question or message it was found for; ``excerpts`` are verbatim; ``score`` is its quality,
    0..1, where it was judged; ``replaces`` is the id of the document that has its name now.
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


GapStatus = Literal["open", "researched", "resolved", "dismissed"]
"""``resolved``: its question was asked again, and answered."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A cluster of questions that were not answered well: the most typical one, and other ``examples``."""

    id: int
    question: str
    language: Language
    examples: tuple[str, ...]
    n_questions: int
    n_people: int
    asked_at: datetime
    status: GapStatus


WatchKind = Literal["web", "theme", "folder", "git", "channel"]
"""``web`` is a page or a feed."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A source that is checked regularly; ``error`` is the key of the last check's error, or empty."""

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
    """The result of reading about a theme or a page; ``reasons`` counts the pages left out by the reason's key.

    ``finished_at`` is ``None`` while it is running, and for one whose process was killed.
    """

    theme: str
    started_at: datetime
    finished_at: datetime | None
    n_pages: int
    n_kept: int
    reasons: Mapping[str, int]
    error: str


@dataclass(frozen=True, slots=True)
class ChannelPlace:
    """A place of a watched channel: the channel itself, or a thread called ``title``. Its ``space`` is its audience's.

    ``cursor`` is the id of the last message that was read, empty before the first; ``is_read``: there was none after.
    """

    id: str
    space: SpaceId
    title: str = ""
    cursor: str = ""
    is_read: bool = False


@dataclass(frozen=True, slots=True)
class ChannelProgress:
    """How much of a watched channel was read: messages, and how many of its known places to their end."""

    n_messages: int
    n_places: int
    n_read: int
