"""Storage quotas: how many documents and how much text a space may hold, and how many pages it may read in a day.

A private chat has a small quota, a community a large one, the operator's global space and the terminal have none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.errors import BadInput
from core.storage.curation.reading_log import ReadingLog
from core.storage.documents import Documents
from core.types import GLOBAL, Scope, SpaceId, StorageLimit, StorageUsage, is_private

UNLIMITED = StorageLimit()


@dataclass(frozen=True, slots=True)
class StorageQuota:
    """The quota of every space: ``community``, or ``private`` for private chats but those ``is_unlimited`` names."""

    documents: Documents
    readings: ReadingLog
    community: StorageLimit = UNLIMITED
    private: StorageLimit = UNLIMITED
    is_unlimited: Callable[[SpaceId], bool] = lambda space: False

    def limit(self, space: SpaceId) -> StorageLimit:
        """Return the limit of a space."""
        if space == GLOBAL or space.startswith("terminal:"):
            return UNLIMITED
        if is_private(space):
            return UNLIMITED if self.is_unlimited(space) else self.private
        return self.community

    async def usage(self, scope: Scope) -> StorageUsage:
        """Return what a community holds of what ``scope`` may read, with its limit."""
        sizes = [await self.documents.size(space) for space in scope.community]
        return StorageUsage(sum(n for n, _ in sizes), sum(n for _, n in sizes), self.limit(scope.space))

    async def require_room(self, space: SpaceId, sizes: Mapping[str, int]) -> None:
        """Raise ``BadInput`` when texts, given by name with their characters, do not fit into a community any more.

        All its audiences share its limit. What they would replace counts as gone.
        """
        if self.limit(space) == UNLIMITED:
            return
        usage = StorageUsage(*await self.documents.community_size(space), self.limit(space))
        n_held, n_chars_held = await self.documents.size_of(space, list(sizes))
        if not usage.has_room(len(sizes) - n_held, sum(sizes.values()) - n_chars_held):
            raise BadInput(
                "quota.full",
                n_documents=usage.n_documents,
                max_documents=usage.limit.n_documents or "∞",
                mb=usage.n_chars / 1e6,
                max_mb=f"{usage.limit.n_chars / 1e6:g}" if usage.limit.n_chars else "∞",
            )

    async def require_pages(self, space: SpaceId) -> None:
        """Raise ``BadInput`` when a space has read as many web pages in 24 hours as it may."""
        limit = self.limit(space).n_pages
        if limit and await self.readings.n_pages(space, datetime.now(UTC) - timedelta(days=1)) >= limit:
            raise BadInput("quota.pages", limit=limit)
