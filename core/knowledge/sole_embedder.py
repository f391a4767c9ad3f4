"""One embedder without a successor, for indexing beside a running bot or in a benchmark."""

from __future__ import annotations

from dataclasses import dataclass

from core.ports import Embedder
from core.storage.passages import Passages
from core.types import SpaceId


@dataclass(frozen=True, slots=True)
class SoleEmbedder:
    """The only embedder that new passages get vectors of (``core.ports.PassageEmbedders``)."""

    embedder: Embedder
    passages: Passages
    second: Embedder | None = None

    @property
    def writing(self) -> tuple[Embedder, ...]:
        """Return the embedder."""
        return (self.embedder,)

    async def require_comparable(self, space: SpaceId) -> None:
        """Raise ``Unavailable`` when a passage of ``space`` has a vector of another embedder."""
        await self.passages.require_embedder(space, self.embedder.id)
