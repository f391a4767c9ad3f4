"""Importing chat histories: what an export teaches, proposed to the moderators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from core.types import Attachment

LessonOutcome = Literal["new", "known", "waiting", "held", "personal", "declined", "full"]
"""``new``: proposed, or would be; ``waiting``: proposed before, or rejected; ``held``: waits for its authors' consent;
``personal``: has secrets or personal data; ``declined``: an author does not want it; ``full``: no room for it."""


@dataclass(frozen=True, slots=True)
class LessonSample:
    """One lesson as a preview shows it: what it is about, and the beginning of its text."""

    kind: str
    title: str
    excerpt: str
    url: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an export holds, and what became, or would become, of what it teaches.

    ``kinds`` counts the lessons by kind (``solved``, ``announcement``, ``pinned``, ``howto``), ``outcomes`` by
    outcome. ``site`` is what the proposals are approved by together. ``samples`` are of those that are new or held.
    ``n_undecided`` people have not said whether their words may be learned.
    """

    name: str
    format: str
    n_messages: int
    n_people: int
    first: datetime | None
    last: datetime | None
    is_cut: bool
    site: str
    kinds: Mapping[str, int] = field(default_factory=dict)
    outcomes: Mapping[LessonOutcome, int] = field(default_factory=dict)
    samples: tuple[LessonSample, ...] = ()
    n_undecided: int = 0


class HistoryImportPort(Protocol):
    """Importing chat histories. Bound to the space and the person of the message."""

    async def preview(self, attachment: Attachment) -> ImportReport:
        """Tell what an attached export would teach; nothing is stored. Raises ``BadInput`` when it cannot be read."""
        ...

    async def propose(self, attachment: Attachment) -> ImportReport:
        """Propose what an attached export teaches, through consent and review; again at will, nothing twice.

        Raises ``BadInput`` when it cannot be read.
        """
        ...
