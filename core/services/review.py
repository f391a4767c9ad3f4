"""The review of proposals: what waits for a moderator, and the decision on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from core.types import IndexedDocument, Proposal

ReviewPolicy = Literal["all", "found", "none"]
"""Which texts need a moderator's approval: ``all``: also a page that a moderator names; ``found``: what a search found;
``none``: nothing that a moderator asked for. What AION looks for by itself always waits."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a decision on a proposal; ``indexed`` is ``None`` unless it was approved just now.

    ``is_new`` is false when somebody had decided before.
    """

    proposal: Proposal
    is_new: bool
    indexed: IndexedDocument | None = None


class ReviewPort(Protocol):
    """The proposals of a space. Bound to the space and the person of the message."""

    async def pending(self) -> tuple[Proposal, ...]:
        """List what waits, oldest first."""
        ...

    async def approve(self, number: int) -> Verdict:
        """Make a proposal a document, once. Raises ``BadInput`` when the space has none of that number."""
        ...

    async def approve_site(self, site: str) -> tuple[Verdict, ...]:
        """Approve everything that waits from one site."""
        ...

    async def reject(self, number: int, reason: str) -> Verdict:
        """Decline a proposal, once; the same text is not proposed again. Raises ``BadInput`` as ``approve`` does."""
        ...
