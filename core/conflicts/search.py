"""Looking for contradictions among what a space learned: each new passage is compared with its nearest neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.conflicts.comparison import Contradiction, are_versions, claims, contradictions
from core.conflicts.service import ConflictService
from core.offload import offload
from core.ports import PassageStore
from core.storage.curation.conflicts import NewConflict
from core.storage.documents import Documents
from core.types import Passage, SpaceId

N_NEIGHBOURS = 8
"""Nearest passages that a new one is compared with."""

BATCH = 200
MAX_BATCHES = 10
"""Batches of new passages that are compared in one run; what is left is compared in the next."""

MAX_REPORTED = 10
"""Most conflicts of one batch that are stored, so that price lists do not fill the moderators' channel."""


class NeighbourSearcher(Protocol):
    """Finds the nearest passages of passages."""

    async def nearest(self, space: SpaceId, ids: Sequence[int], n: int) -> Mapping[int, Sequence[int]]:
        """Return the ids of the ``n`` passages of the space nearest to each of these; gone ones are left out."""
        ...


@dataclass(frozen=True, slots=True)
class ConflictSearch:
    """Compares what every space has learned since the last time."""

    service: ConflictService
    searcher: NeighbourSearcher
    passages: PassageStore
    documents: Documents

    async def search_new(self) -> str:
        """Compare the passages that were not compared yet; return a line for the job's record."""
        n_compared = n_found = 0
        for _ in range(MAX_BATCHES):
            waiting = await self.service.conflicts.unsearched(BATCH)
            for space, ids in waiting.items():
                n_found += await self._search(space, ids)
                n_compared += len(ids)
                await self.service.conflicts.mark_searched(space, ids[-1])
            if not waiting:
                break
        return f"{n_compared} passages compared with their neighbours, {n_found} contradictions found"

    async def _search(self, space: SpaceId, ids: Sequence[int]) -> int:
        """Report the contradictions of some passages; return how many are new."""
        nearest = await self.searcher.nearest(space, ids, N_NEIGHBOURS)
        wanted = {*nearest, *(id_ for near in nearest.values() for id_ in near)}
        passages = {passage.id: passage for passage in await self.passages.passages(space, sorted(wanted))}
        found = await offload(_compared, passages, nearest)
        told = [new for pair in found[:MAX_REPORTED] if (new := await self._dated(space, pair)) is not None]
        superseded: set[tuple[int, str]] = set()
        n_new = 0
        for new in sorted(told, key=lambda each: not each.holds):  # what a later version replaced contradicts nothing
            if not superseded & {(new.first_id, new.first_quote), (new.second_id, new.second_quote)}:
                n_new += await self.service.report(space, new) is not None
                superseded |= {(new.second_id, new.second_quote)} if new.holds else set()
        return n_new

    async def report(self, space: SpaceId, pair: Contradiction) -> None:
        """Report a contradiction of two documents of a space, once."""
        if (new := await self._dated(space, pair)) is not None:
            await self.service.report(space, new)

    async def _dated(self, space: SpaceId, pair: Contradiction) -> NewConflict | None:
        """Return a contradiction as it is stored; ``None`` where one of its documents is gone meanwhile."""
        ids = pair.first.passage.document_id, pair.second.passage.document_id
        dates = await self.service.conflicts.dates(ids)
        if len(dates) < len(ids):
            return None
        pair = pair.newest_first(dates)
        return pair.as_new(holds=await self._are_versions(space, pair, dates))

    async def _are_versions(self, space: SpaceId, pair: Contradiction, dates: Mapping[int, datetime]) -> bool:
        first, second = pair.first.passage, pair.second.passage
        texts = [await self.documents.text(space, each.document_id) or "" for each in (first, second)]
        return await offload(are_versions, pair, dates, (texts[0], texts[1]))


def _compared(passages: Mapping[int, Passage], nearest: Mapping[int, Sequence[int]]) -> list[Contradiction]:
    """Return the contradictions between passages and their neighbours, each pair of statements once. Blocks."""
    found: dict[frozenset[str], Contradiction] = {}
    for id_, near in nearest.items():
        if id_ in passages:
            others = claims([passages[each] for each in near if each in passages])
            for pair in contradictions(claims([passages[id_]]), others):
                found.setdefault(frozenset((pair.first.statement.text, pair.second.statement.text)), pair)
    return list(found.values())
