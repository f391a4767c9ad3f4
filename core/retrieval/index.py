"""Search indexes by space, synchronised with the database: opened on demand, updated incrementally, rebuilt on doubt.

The files under ``<folder>/<space>/`` are caches. One that is damaged, of another embedder or of another state of the
database is discarded and rebuilt, and never an error.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
import shutil
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import RLock

from core.offload import offload
from core.ports import Embedder, PassageStore
from core.retrieval import analyzer
from core.retrieval.chunk import searched_text
from core.retrieval.dense import DenseIndex, VectorIndex
from core.retrieval.lexical import LexicalIndex
from core.retrieval.stored_vectors import StoredVectors
from core.retrieval.vocabulary import Vocabulary
from core.storage.passages import ANY_EMBEDDER
from core.types import Matrix, Passage, SpaceId

_log = logging.getLogger(__name__)

_MANIFEST, _WORDS = "manifest.json", "words.npz"
_BATCH = 2_000
"""Passages that are read from the database and indexed at a time."""

_UNSAVED_SHARE = 0.1
_UNSAVED = 256
"""Vectors are saved when this many, and this share, are new: fewer are cheap to read from the database again."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a space's files were made from: they are used only where all of it matches."""

    embedder_id: str
    dim: int
    revision: int
    vectors: str
    analyser: int = analyzer.VERSION
    layout: int = 3


class SpaceIndex:
    """One space's dense and lexical index, at one revision of its passages. Thread-safe."""

    def __init__(self, folder: Path, embedder_id: str, dim: int, stored: StoredVectors | None = None) -> None:
        """Load the files in ``folder`` where they match and are intact, else start empty. Blocks.

        ``stored``: the vectors, where the database searches them itself.
        """
        self._folder = folder
        self._stored = stored
        self._embedder_id = embedder_id
        self._dim = dim
        self.lock = RLock()
        """Held while the index changes, and by readers that need dense and lexical at the same state."""
        self.revision = 0
        self.is_compared = False
        """Whether its size was compared with the database once; later changes were applied one by one."""
        self._n_unsaved = 0
        try:
            self._read()
        except (OSError, ValueError, TypeError, KeyError) as error:
            if folder.exists():
                _log.info("search index of %s is rebuilt: %s", folder.name, error)
            self.reset()

    def _read(self) -> None:
        manifest = Manifest(**json.loads((self._folder / _MANIFEST).read_text(encoding="utf-8")))
        if manifest != Manifest(self._embedder_id, self._dim, manifest.revision, manifest.vectors):
            raise ValueError("made by another embedder or analyser")
        self.dense: VectorIndex = self._stored or DenseIndex.load(self._folder / manifest.vectors, self._dim)
        self.lexical = LexicalIndex(self._folder / "lexical")
        self.vocabulary = Vocabulary.load(self._folder / _WORDS)
        self.revision = manifest.revision

    def reset(self) -> None:
        """Remove the files and start empty. Blocks."""
        with self.lock:
            shutil.rmtree(self._folder, ignore_errors=True)
            self.dense = self._stored or DenseIndex(self._dim)
            self.lexical = LexicalIndex(self._folder / "lexical")
            self.vocabulary = Vocabulary()
            self.revision = 0
            self.is_compared = False
            self._n_unsaved = 0

    def apply(self, removed: Sequence[int], passages: Sequence[Passage], vectors: Matrix) -> None:
        """Remove and add passages; idempotent. Blocks."""
        with self.lock:
            self.dense.remove(removed)
            if passages:
                self.dense.add([passage.id for passage in passages], vectors)
            self.lexical.update(removed, passages)
            self.vocabulary.add(searched_text(each.document, each.heading, each.text) for each in passages)
            self._n_unsaved += len(removed) + len(passages)

    def commit(self, revision: int) -> None:
        """Make everything applied searchable, as the state at ``revision``. Blocks."""
        with self.lock:
            self.lexical.commit()
            self.dense.build()
            self.revision = revision

    @property
    def is_worth_saving(self) -> bool:
        """Return whether so much is unsaved that reading it from the database again would be slow."""
        return self._n_unsaved >= max(_UNSAVED, _UNSAVED_SHARE * len(self.lexical))

    def save(self) -> None:
        """Write the unsaved changes to disk. Blocks."""
        if not self._n_unsaved:
            return
        manifest = Manifest(self._embedder_id, self._dim, self.revision, f"vectors-{self.revision}.npz")
        with self.lock:
            self.lexical.save()
            self.dense.save(self._folder / manifest.vectors)
            self.vocabulary.save(self._folder / _WORDS)
        partial = self._folder / "manifest.partial"
        partial.write_text(json.dumps(asdict(manifest)), encoding="utf-8")
        partial.replace(self._folder / _MANIFEST)
        for old in self._folder.glob("vectors-*.npz"):
            if old.name != manifest.vectors:
                old.unlink()
        self._n_unsaved = 0


Indexes = Mapping[SpaceId, SpaceIndex]


class SpaceIndexes:
    """The indexes of all spaces, evicted from memory least recently used first."""

    def __init__(
        self, store: PassageStore, embedder: Embedder, folder: Path, max_resident_bytes: int = 1_000_000_000
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._folder = folder
        self._max_resident_bytes = max_resident_bytes
        self._open: OrderedDict[SpaceId, SpaceIndex] = OrderedDict()
        self._locks: defaultdict[SpaceId, asyncio.Lock] = defaultdict(asyncio.Lock)

    def opened(self, spaces: Sequence[SpaceId]) -> Indexes:
        """Return those indexes of ``spaces`` that are in memory, at any revision; marks them as used."""
        opened = {space: self._open[space] for space in spaces if space in self._open}
        for space in opened:
            self._open.move_to_end(space)
        return opened

    def are_fresh(self, spaces: Sequence[SpaceId], opened: Indexes) -> bool:
        """Return whether ``opened`` has every non-empty space of ``spaces`` at its current revision. Blocks."""
        revisions = {space: index.revision for space, index in opened.items() if index.revision}
        return revisions == dict(self._store.revisions(spaces))

    async def fresh(self, space: SpaceId) -> SpaceIndex | None:
        """Return the space's index at the current revision; ``None`` for a space that never held a passage."""
        revision = await self._store.revision(space)
        if not revision:
            return None
        async with self._locks[space]:
            index = self._open.get(space)
            if index is None:
                index = await offload(self._opened, space)
                self._open[space] = index
            self._open.move_to_end(space)
            if index.revision != revision:
                await self._update(space, index, revision)
        await self._evict()
        return index

    async def drop(self, space: SpaceId) -> None:
        """Remove a space's index from memory, and those of every embedder from disk."""
        async with self._locks[space]:
            self._open.pop(space, None)
            for folder in self._folder.glob(f"{_stem(space)}*"):
                await offload(shutil.rmtree, folder, ignore_errors=True)

    async def tidy(self) -> None:
        """Remove other embedders' indexes from disk."""
        ending = _ending(self._embedder.id)
        for folder in [path for path in self._folder.glob("*") if not path.name.endswith(ending)]:
            await offload(shutil.rmtree, folder, ignore_errors=True)

    async def close(self) -> None:
        """Write everything to disk."""
        for space in list(self._open):
            async with self._locks[space]:
                await offload(self._open.pop(space).save)

    def _opened(self, space: SpaceId) -> SpaceIndex:
        """Open a space's index. Blocks, also while the embedder loads: some know their id and dimension only then."""
        folder = self._folder / _folder_name(space, self._embedder.id)
        search, embedder_id = self._store.vector_search, self._embedder.id
        stored = None
        if search is not None and embedder_id != ANY_EMBEDDER:  # whose vectors are made up, not stored
            stored = StoredVectors(search, space, embedder_id, self._embedder.dim)
        return SpaceIndex(folder, embedder_id, self._embedder.dim, stored)

    async def _update(self, space: SpaceId, index: SpaceIndex, revision: int) -> None:
        if revision < index.revision:  # the database is an older one, put back from a backup
            await offload(index.reset)
        try:
            if await self._top_up(space, index):
                return
            _log.warning("search index of %s disagrees with the database and is rebuilt", space)
        except (OSError, ValueError) as error:  # what tantivy and the file system raise on files that went missing
            _log.warning("search index of %s is rebuilt: %s", space, error)
        await offload(index.reset)
        await self._top_up(space, index)

    async def _top_up(self, space: SpaceId, index: SpaceIndex) -> bool:
        """Apply the changes since the index's revision; return whether it then agrees with the database."""
        changes = await self._store.changes(space, index.revision, self._embedder.id)
        removed, batch = changes.removed, await self._read(space, changes.added[:_BATCH])
        for first in range(0, max(len(changes.added), 1), _BATCH):
            following = changes.added[first + _BATCH : first + 2 * _BATCH]
            apply = offload(index.apply, removed, *batch)
            _, batch = await asyncio.gather(apply, self._read(space, following))  # the next is read meanwhile
            removed = ()
        await offload(index.commit, changes.revision)
        if index.is_worth_saving:
            await offload(index.save)
        return await self._is_equal(space, index)

    async def _is_equal(self, space: SpaceId, index: SpaceIndex) -> bool:
        """Return whether the index has as many passages as the database, which are counted only once: it is slow."""
        if not index.dense.agrees_with(len(index.lexical)):
            return False
        if not index.is_compared:
            index.is_compared = len(index.lexical) == await self._store.count(space, self._embedder.id)
        return index.is_compared or await self._store.revision(space) != index.revision

    async def _read(self, space: SpaceId, ids: Sequence[int]) -> tuple[Sequence[Passage], Matrix]:
        return await self._store.embedded(space, ids, self._embedder.id)

    async def _evict(self) -> None:
        while len(self._open) > 1 and sum(i.dense.n_bytes for i in self._open.values()) > self._max_resident_bytes:
            space = next(iter(self._open))
            async with self._locks[space]:
                if index := self._open.pop(space, None):
                    await offload(index.save)


def _folder_name(space: SpaceId, embedder_id: str) -> str:
    """Return a readable, safe folder name, unique to the space and the embedder."""
    return _stem(space) + _ending(embedder_id)


def _stem(space: SpaceId) -> str:
    readable = re.sub(r"[^A-Za-z0-9]+", "-", space)[:40]
    return f"{readable}-{hashlib.sha256(space.encode()).hexdigest()[:16]}"


def _ending(embedder_id: str) -> str:
    return f"-{hashlib.sha256(embedder_id.encode()).hexdigest()[:8]}"
