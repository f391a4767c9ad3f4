"""Knowledge in: a file or a page becomes a document with its passages and their vectors, in one transaction.

Many files flow through three stages that work at the same time: read and cut, embed, store. Documents are stored whole,
a few dozen small ones at a time, so stopping at any moment loses only what was on its way.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from core.knowledge.extract import kind_of
from core.knowledge.files import find_files, read_file, require_size
from core.knowledge.prefetch import ahead
from core.knowledge.prepare import BATCH_PASSAGES, DocumentSource, FailedDocument, PreparedDocument, Read, cut, prepare
from core.offload import offload
from core.ports import Embedder, PageSource, PassageEmbedders
from core.storage.documents import Documents, EmbeddedChunks, NewDocument
from core.storage.passages import SuccessorVectors
from core.types import Attachment, IndexedDocument, Language, Matrix, SpaceId

__all__ = ["FailedDocument", "Ingest", "Progress", "Report"]

AHEAD_FILES = 64
"""How many files may be read before they are embedded."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an indexing run is: ``latest`` is what became of the last document done."""

    n_done: int
    n_total: int
    latest: IndexedDocument | FailedDocument


@dataclass(frozen=True, slots=True)
class Report:
    """What became of every document of an indexing run."""

    indexed: tuple[IndexedDocument, ...]
    failed: tuple[FailedDocument, ...]


@dataclass(frozen=True, slots=True)
class _Ready:
    """A document with its vectors. No chunks: the space seems to hold it already."""

    new: NewDocument
    embedded: EmbeddedChunks


class Ingest:
    """Teaches spaces. ``language`` is taken for texts too short to tell."""

    def __init__(
        self,
        documents: Documents,
        embedders: PassageEmbedders,
        pages: PageSource,
        *,
        max_file_bytes: int,
        language: Language = "en",
    ) -> None:
        self._documents = documents
        self._embedders = embedders
        self._pages = pages
        self._max_file_bytes = max_file_bytes
        self._language = language

    async def index_file(self, space: SpaceId, name: str, data: bytes) -> IndexedDocument:
        """Store one file's text under ``name``. Raises ``BadInput`` when it is too large or no text is in it."""
        require_size(name, len(data), self._max_file_bytes)
        return await self._index_one(space, DocumentSource(name, lambda: data))

    async def index_attachment(self, space: SpaceId, attachment: Attachment) -> IndexedDocument:
        """Store one attached file's text. Raises ``BadInput``, before it is downloaded where its name or size tells."""
        kind_of(attachment.name)
        require_size(attachment.name, attachment.size_bytes, self._max_file_bytes)
        return await self.index_file(space, attachment.name, await attachment.read())

    async def index_page(self, space: SpaceId, url: str) -> IndexedDocument:
        """Fetch one web page and store its text under its address. Raises ``BadInput`` when it cannot be had."""
        page = await self._pages.fetch(url)
        return await self._index_one(space, DocumentSource(page.url, lambda: page.data, page.content_type))

    async def index_paths(
        self, space: SpaceId, paths: Sequence[Path], on_progress: Callable[[Progress], None] = lambda _: None
    ) -> Report:
        """Store the files at ``paths`` and within the folders among them; one that fails does not stop the others.

        Raises ``Unavailable`` when the space holds vectors of another embedder.
        """
        files = await offload(find_files, paths)
        sources = [DocumentSource(file.name, partial(read_file, file, self._max_file_bytes)) for file in files]
        done: list[IndexedDocument | FailedDocument] = []
        async with aclosing(self._index(space, sources)) as outcomes:
            async for outcome in outcomes:
                done.append(outcome)
                on_progress(Progress(len(done), len(files), outcome))
        indexed = tuple(outcome for outcome in done if isinstance(outcome, IndexedDocument))
        return Report(indexed, tuple(outcome for outcome in done if isinstance(outcome, FailedDocument)))

    async def _index_one(self, space: SpaceId, source: DocumentSource) -> IndexedDocument:
        async with aclosing(self._index(space, [source])) as outcomes:
            outcome = await anext(outcomes)
        if isinstance(outcome, FailedDocument):
            raise outcome.error
        return outcome

    async def _index(
        self, space: SpaceId, sources: Sequence[DocumentSource]
    ) -> AsyncGenerator[IndexedDocument | FailedDocument, None]:
        await self._embedders.require_comparable(space)
        batches = _batches(ahead(self._prepare(space, sources), AHEAD_FILES))
        async with aclosing(ahead(self._embed(batches), 1)) as embedded:
            async for batch in embedded:
                for outcome in await self._store(space, batch):
                    yield outcome

    async def _prepare(self, space: SpaceId, sources: Sequence[DocumentSource]) -> AsyncGenerator[Read, None]:
        held, known = await self._documents.sources(space), set(await self._documents.content_hashes(space))
        for source in sources:
            yield await offload(prepare, source, held, known, self._language)

    async def _embed(
        self, batches: AsyncGenerator[list[Read], None]
    ) -> AsyncGenerator[list[_Ready | IndexedDocument | FailedDocument], None]:
        async with aclosing(batches):
            async for batch in batches:
                vectors = await self._vectors([text for item in _prepared(batch) for text in item.inputs()])
                yield self._dealt(batch, vectors)

    async def _vectors(self, texts: Sequence[str]) -> list[tuple[str, Matrix]]:
        """Return the embeddings of texts, shape ``(len(texts), dim)``, by each embedder that they are needed of."""
        return [(embedder.id, await _embed_all(embedder, texts)) for embedder in self._embedders.writing]

    def _dealt(
        self, batch: Sequence[Read], vectors: Sequence[tuple[str, Matrix]]
    ) -> list[_Ready | IndexedDocument | FailedDocument]:
        """Give every document of a batch its own rows of ``vectors``."""
        ends = np.cumsum([len(item.chunks) for item in _prepared(batch)])
        dealt = [(embedder_id, iter(np.split(rows, ends))) for embedder_id, rows in vectors]
        return [
            _Ready(item.new, _embedded(item, [(embedder_id, next(rows)) for embedder_id, rows in dealt]))
            if isinstance(item, PreparedDocument)
            else item
            for item in batch
        ]

    async def _store(
        self, space: SpaceId, batch: Sequence[_Ready | IndexedDocument | FailedDocument]
    ) -> list[IndexedDocument | FailedDocument]:
        """Store the documents of a batch, and say what became of each, in order."""
        ready = [item for item in batch if isinstance(item, _Ready)]
        new = [(item.new, item.embedded) for item in ready if item.embedded.chunks]
        done = {indexed.name: indexed for indexed in await self._documents.store_all(space, new)}
        for item in ready:
            if not item.embedded.chunks:
                done[item.new.name] = await self._store_again(space, item.new)
        return [done[item.new.name] if isinstance(item, _Ready) else item for item in batch]

    async def embedded(self, space: SpaceId, new: NewDocument) -> EmbeddedChunks:
        """Return a text's passages and their vectors, ready to be stored in ``space``.

        Raises ``Unavailable`` when the space holds vectors of another embedder.
        """
        await self._embedders.require_comparable(space)
        prepared = await offload(cut, new)
        return _embedded(prepared, await self._vectors(prepared.inputs()))

    async def _store_again(self, space: SpaceId, new: NewDocument) -> IndexedDocument:
        """Store a text that the space seemed to hold when it was read."""
        if linked := await self._documents.link(space, new):
            return linked
        # The document that held this text was replaced or forgotten meanwhile.
        return await self._documents.store(space, new, await self.embedded(space, new))


async def _embed_all(embedder: Embedder, texts: Sequence[str]) -> Matrix:
    parts = [
        await offload(embedder.embed_passages, texts[first : first + BATCH_PASSAGES])
        for first in range(0, len(texts), BATCH_PASSAGES)
    ]
    return np.concatenate(parts) if parts else np.empty((0, embedder.dim), np.float32)


def _embedded(prepared: PreparedDocument, vectors: Sequence[tuple[str, Matrix]]) -> EmbeddedChunks:
    (embedder_id, rows), *others = vectors
    coming = SuccessorVectors(others[0][1], others[0][0]) if others else None
    return EmbeddedChunks(prepared.chunks, prepared.languages, rows, embedder_id, coming)


def _prepared(batch: Sequence[Read]) -> list[PreparedDocument]:
    return [item for item in batch if isinstance(item, PreparedDocument)]


async def _batches(
    items: AsyncGenerator[Read, None],
) -> AsyncGenerator[list[Read], None]:
    """Put documents together until they make a batch, so that many small ones are embedded at once."""
    batch: list[Read] = []
    async with aclosing(items):
        async for item in items:
            batch.append(item)
            n_passages = sum(len(prepared.chunks) for prepared in _prepared(batch))
            if n_passages >= BATCH_PASSAGES or len(batch) >= AHEAD_FILES:
                yield batch
                batch = []
    if batch:
        yield batch
