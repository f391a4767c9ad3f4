"""Ingestion: makes documents of files and pages, with their passages and vectors, each written in one transaction.

Many files pass through three concurrent stages: extract and cut, embed, store. Documents are stored whole and in
batches, so a stopped run loses only the documents that were not stored yet.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.errors import BadInput
from core.knowledge.embedding import TextVectors, embed_texts
from core.knowledge.extract import kind_of
from core.knowledge.files import DOCUMENTS, FileSelection, FoundFile, require_size
from core.knowledge.parsing.document_parser import DocumentParser
from core.knowledge.prefetch import in_order, prefetch
from core.knowledge.prepare import (
    DocumentSource,
    FailedDocument,
    PreparationOutcome,
    PreparedDocument,
    batches,
    cut_document,
    documents_in,
    find_documents,
    prepare,
    without_known,
)
from core.knowledge.storage_quota import StorageQuota
from core.offload import offload
from core.ports import FileReaders, PageSource, PassageEmbedders
from core.storage.documents import Documents, NewDocument
from core.storage.embeddings.embedded_chunks import EmbeddedChunks
from core.types import Attachment, IndexedDocument, Language, Page, SpaceId

__all__ = ["FailedDocument", "Ingest", "Progress", "Report"]

PREFETCHED_FILES = 64
"""How many extracted files may wait to be embedded."""

N_PARSED_AT_ONCE = 2
"""Less than there are sandboxes, so that one is left for whoever else sends a file."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of an indexing run; ``latest`` is the outcome of the last document."""

    n_done: int
    n_total: int
    latest: IndexedDocument | FailedDocument


@dataclass(frozen=True, slots=True)
class Report:
    """The outcomes of an indexing run; ``left_out`` are the files of folders that were not to be read."""

    indexed: tuple[IndexedDocument, ...]
    failed: tuple[FailedDocument, ...]
    left_out: tuple[FoundFile, ...] = ()


@dataclass(frozen=True, slots=True)
class _EmbeddedDocument:
    """A document with its vectors. Without chunks: the space seemed to have the text already."""

    new: NewDocument
    embedded: EmbeddedChunks


class Ingest:
    """Indexes files and pages into spaces; ``parser`` reads them. ``language`` is that of texts too short to detect.

    Single files that ``readers`` take are read by these before.
    """

    def __init__(
        self,
        documents: Documents,
        embedders: PassageEmbedders,
        pages: PageSource,
        parser: DocumentParser,
        *,
        max_file_bytes: int,
        language: Language = "en",
        quota: StorageQuota | None = None,
        readers: FileReaders | None = None,
    ) -> None:
        self._documents = documents
        self._embedders = embedders
        self._pages = pages
        self.parser = parser
        self._max_file_bytes = max_file_bytes
        self._language = language
        self._quota = quota
        self._readers = readers

    async def index_file(self, space: SpaceId, name: str, data: bytes) -> IndexedDocument:
        """Store one file's text under ``name``. Raises ``BadInput`` when it is too large or has no text."""
        require_size(name, len(data), self._max_file_bytes)
        if self._readers is not None and (text := await self._readers.extract(space, name, data)) is not None:
            return await self._index_one(space, DocumentSource(name, text.encode, "text/markdown"))
        return await self._index_one(space, DocumentSource(name, lambda: data))

    async def index_attachment(self, space: SpaceId, attachment: Attachment) -> IndexedDocument:
        """Download and store one attached file. Raises ``BadInput``, for its type or size before the download."""
        if self._readers is None or not await self._readers.takes(space, attachment.name):
            kind_of(attachment.name)
        await self.require_room(space, {attachment.name: 1})
        require_size(attachment.name, attachment.size_bytes, self._max_file_bytes)
        return await self.index_file(space, attachment.name, await attachment.read())

    async def index_page(self, space: SpaceId, url: str) -> IndexedDocument:
        """Fetch one web page and store its text under its address. Raises ``BadInput`` when that fails."""
        await self.require_room(space, {url: 1})
        page = await self._pages.fetch(url)
        source = DocumentSource(page.url, lambda: page.data, page.content_type, page.last_modified)
        return await self._index_one(space, source)

    async def prepare_page(self, page: Page, language: Language) -> PreparedDocument | FailedDocument:
        """Return a fetched page's text, or its failure. ``language`` is that of texts too short for detection."""
        source = DocumentSource(page.url, lambda: page.data, page.content_type, page.last_modified)
        read = await prepare(self.parser, source, {}, language)
        if isinstance(read, IndexedDocument):
            raise AssertionError("nothing is held under any name here")
        return read

    async def index_paths(
        self,
        space: SpaceId,
        paths: Sequence[Path],
        on_progress: Callable[[Progress], None] = lambda _: None,
        selection: FileSelection = DOCUMENTS,
    ) -> Report:
        """Store the files at ``paths`` and in the folders among them; one that fails does not stop the others.

        Raises ``Unavailable`` when the space has vectors of another embedder.
        """
        found = await offload(find_documents, paths, self._max_file_bytes, selection)
        return replace(await self.index_sources(space, found.sources, on_progress), left_out=found.left_out)

    async def index_sources(
        self,
        space: SpaceId,
        sources: Sequence[DocumentSource],
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> Report:
        """Store documents, each read when its turn comes; one that fails does not stop the others.

        Raises ``Unavailable`` when the space has vectors of another embedder.
        """
        done: list[IndexedDocument | FailedDocument] = []
        async with aclosing(self._index(space, sources)) as outcomes:
            async for outcome in outcomes:
                done.append(outcome)
                on_progress(Progress(len(done), len(sources), outcome))
        indexed = tuple(outcome for outcome in done if isinstance(outcome, IndexedDocument))
        failed = tuple(outcome for outcome in done if isinstance(outcome, FailedDocument))
        return Report(indexed, failed)

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
        prepared = batches(prefetch(self._prepare(space, sources), PREFETCHED_FILES), PREFETCHED_FILES)
        async with aclosing(prefetch(self._embed(prepared), 1)) as embedded:
            async for batch in embedded:
                for outcome in await self._store(space, batch):
                    yield outcome

    async def _prepare(
        self, space: SpaceId, sources: Sequence[DocumentSource]
    ) -> AsyncGenerator[PreparationOutcome, None]:
        held, known = await self._documents.sources(space), set(await self._documents.content_hashes(space))

        def prepared(source: DocumentSource) -> Coroutine[None, None, PreparationOutcome]:
            return prepare(self.parser, source, held, self._language)

        async with aclosing(in_order(sources, prepared, N_PARSED_AT_ONCE)) as outcomes:
            async for outcome in outcomes:
                yield await without_known(outcome, known)

    async def _embed(
        self, batches: AsyncGenerator[list[PreparationOutcome], None]
    ) -> AsyncGenerator[list[_EmbeddedDocument | IndexedDocument | FailedDocument], None]:
        async with aclosing(batches):
            async for batch in batches:
                texts = [text for item in documents_in(batch) for text in item.inputs()]
                yield self._assign_vectors(batch, await embed_texts(self._embedders, texts))

    def _assign_vectors(
        self, batch: Sequence[PreparationOutcome], vectors: TextVectors
    ) -> list[_EmbeddedDocument | IndexedDocument | FailedDocument]:
        """Give every document of a batch its rows of ``vectors``."""
        parts = iter(vectors.split(np.cumsum([len(item.chunks) for item in documents_in(batch)])))
        return [
            _EmbeddedDocument(item.new, next(parts).of(item)) if isinstance(item, PreparedDocument) else item
            for item in batch
        ]

    async def _store(
        self, space: SpaceId, batch: Sequence[_EmbeddedDocument | IndexedDocument | FailedDocument]
    ) -> list[IndexedDocument | FailedDocument]:
        """Store the documents of a batch that fit into the space; return the outcome of each, in order."""
        batch = await self._fitting(space, batch)
        ready = [item for item in batch if isinstance(item, _EmbeddedDocument)]
        new = [(item.new, item.embedded) for item in ready if item.embedded.chunks]
        done = {indexed.name: indexed for indexed in await self._documents.store_all(space, new)}
        for item in ready:
            if not item.embedded.chunks:
                done[item.new.name] = await self._store_known(space, item.new)
        return [done[item.new.name] if isinstance(item, _EmbeddedDocument) else item for item in batch]

    async def _fitting(
        self, space: SpaceId, batch: Sequence[_EmbeddedDocument | IndexedDocument | FailedDocument]
    ) -> list[_EmbeddedDocument | IndexedDocument | FailedDocument]:
        """Return a batch with ``FailedDocument`` in place of what the space has no room for."""
        fitting: list[_EmbeddedDocument | IndexedDocument | FailedDocument] = []
        sizes: dict[str, int] = {}
        for item in batch:
            outcome = item
            if isinstance(item, _EmbeddedDocument) and item.embedded.chunks:
                try:
                    await self.require_room(space, {**sizes, item.new.name: len(item.new.text)})
                    sizes[item.new.name] = len(item.new.text)
                except BadInput as error:
                    outcome = FailedDocument(item.new.name, error)
            fitting.append(outcome)
        return fitting

    async def require_room(self, space: SpaceId, sizes: Mapping[str, int]) -> None:
        """Raise ``BadInput`` when texts, given by name with their characters, do not fit into a space any more."""
        if self._quota is not None:
            await self._quota.require_room(space, sizes)

    async def embed(self, space: SpaceId, new: NewDocument) -> EmbeddedChunks:
        """Return a text's chunks with their vectors, to be stored in ``space``.

        Raises ``BadInput`` when the space has no room for it, ``Unavailable`` when it has vectors of another embedder.
        """
        await self.require_room(space, {new.name: len(new.text)})
        await self._embedders.require_comparable(space)
        prepared = await cut_document(self.parser, new)
        return (await embed_texts(self._embedders, prepared.inputs())).of(prepared)

    async def _store_known(self, space: SpaceId, new: NewDocument) -> IndexedDocument:
        """Store a text that the space had when it was extracted."""
        if linked := await self._documents.link(space, new):
            return linked
        # The document with this text was replaced or deleted meanwhile.
        return await self._documents.store(space, new, await self.embed(space, new))
