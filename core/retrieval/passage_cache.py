"""LRU cache of passages with their stems: a few passages are found for most questions."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from core.ports import PassageStore
from core.retrieval.analyzer import distinct_stems
from core.retrieval.chunk import searched_text
from core.types import Passage, SpaceId

N_KEPT = 1_000
"""Passages that are cached, over all spaces: about 10 MB."""


@dataclass(frozen=True, slots=True)
class CachedPassage:
    """A passage, and the stems that it is indexed by."""

    passage: Passage
    stems: frozenset[str]


class PassageCache:
    """Reads passages through the cache. Thread-safe."""

    def __init__(self, store: PassageStore, n_kept: int = N_KEPT) -> None:
        self._store = store
        self._n_kept = n_kept
        self._kept: OrderedDict[tuple[SpaceId, int, int], CachedPassage] = OrderedDict()
        self._lock = Lock()

    def read(self, space: SpaceId, revision: int, ids: Sequence[int]) -> Mapping[int, CachedPassage]:
        """Return the passages of ``space`` with these ids at ``revision``; removed ones are left out. Blocks.

        Entries are keyed by revision, so that no change is missed.
        """
        with self._lock:
            texts = {id_: kept for id_ in ids if (kept := self._kept.get((space, revision, id_)))}
        missing = [id_ for id_ in ids if id_ not in texts]
        if missing:
            texts |= {
                passage.id: CachedPassage(passage, _stems(passage)) for passage in self._store.read(space, missing)
            }
        with self._lock:
            for id_, text in texts.items():
                self._kept[space, revision, id_] = text
                self._kept.move_to_end((space, revision, id_))
            while len(self._kept) > self._n_kept:
                self._kept.popitem(last=False)
        return texts

    def drop(self, space: SpaceId) -> None:
        """Forget the passages of a space."""
        with self._lock:
            for key in [key for key in self._kept if key[0] == space]:
                del self._kept[key]


def _stems(passage: Passage) -> frozenset[str]:
    return distinct_stems(searched_text(passage.document, passage.heading, passage.text), passage.language)
