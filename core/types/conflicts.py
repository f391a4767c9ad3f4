"""Statements of two documents that contradict each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.types.base import SpaceId

ConflictStatus = Literal["open", "first", "second", "both", "unrelated"]
"""Which statement holds by a moderator's decision; ``unrelated``: they do not contradict each other."""


@dataclass(frozen=True, slots=True)
class DatedStatement:
    """A sentence of a document, verbatim, and when the document's source last said it."""

    quote: str
    title: str
    said_at: datetime


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two statements of a space that contradict each other, the newer one first.

    ``is_automatic``: nobody decided; they are two versions of one page, of which the newer holds.
    """

    id: int
    space: SpaceId
    first: DatedStatement
    second: DatedStatement
    status: ConflictStatus
    is_automatic: bool
