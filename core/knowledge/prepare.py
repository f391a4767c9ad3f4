"""Preparing one document: from its bytes to chunks ready to be embedded."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.errors import BadInput
from core.knowledge.document_date import read_date
from core.knowledge.extract import VERSION
from core.knowledge.files import FileSelection, FoundFile, find_files, read_file
from core.knowledge.parsing.document_parser import DocumentParser
from core.offload import offload, offload_large
from core.retrieval.chunk import searched_text
from core.storage.documents import NewDocument, StoredSource
from core.types import Chunk, IndexedDocument, Language

BATCH_PASSAGES = 64
"""How many passages are embedded in one call: enough for an embedder's batches, few enough to stop soon."""


@dataclass(frozen=True, slots=True)
class DocumentSource:
    """A document to be indexed: ``read`` returns its bytes and blocks; ``content_type`` is the server's, if any.

    ``modified`` is when the source says that it was last changed: an HTTP date or ISO 8601, or empty.
    """

    name: str
    read: Callable[[], bytes]
    content_type: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class FoundDocuments:
    """The files of a search that are to be read, and those that are not."""

    sources: Sequence[DocumentSource]
    left_out: tuple[FoundFile, ...]


def find_documents(paths: Sequence[Path], max_bytes: int, selection: FileSelection) -> FoundDocuments:
    """Return the files at ``paths`` and in the folders among them, each to be read when it is needed. Blocks."""
    found = find_files(paths, selection)
    kept = [file for file in found if file.left_out is None]
    sources = [DocumentSource(file.name, partial(read_file, file, max_bytes)) for file in kept]
    return FoundDocuments(sources, tuple(file for file in found if file.left_out is not None))


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A text with its chunks and the language of each. Without chunks: the space has the text already."""

    new: NewDocument
    chunks: tuple[Chunk, ...] = ()
    languages: tuple[Language, ...] = ()

    def inputs(self) -> list[str]:
        """Return the embedder's input for each chunk."""
        return [searched_text(self.new.title, chunk.heading, chunk.text) for chunk in self.chunks]


@dataclass(frozen=True, slots=True)
class FailedDocument:
    """A document that could not be indexed, and why."""

    name: str
    error: BadInput


PreparationOutcome = PreparedDocument | IndexedDocument | FailedDocument
"""What ``prepare`` returns."""


async def prepare(
    parser: DocumentParser, source: DocumentSource, held: Mapping[str, StoredSource], language: Language
) -> PreparationOutcome:
    """Read and parse a document, unless its bytes are those that the space ``held`` under its name.

    ``language`` is that of texts too short for detection.
    """
    try:
        data, source_hash = await offload(_read, source)
        before = held.get(source.name)
        if before is not None and before.source_hash == source_hash:
            return IndexedDocument(source.name, "unchanged", before.n_passages)
        parsed = await parser.parse(data, source.name, source.content_type, language)
    except BadInput as error:
        return FailedDocument(source.name, error)
    said_at = parsed.said_at or read_date(source.modified)
    new = NewDocument(source.name, source_hash, parsed.title, parsed.kind, parsed.language, parsed.text, said_at)
    return PreparedDocument(new, parsed.cut.chunks, parsed.cut.languages)


async def cut_document(parser: DocumentParser, new: NewDocument) -> PreparedDocument:
    """Cut a text that is to be stored as it is. Raises ``BadInput`` when that takes too long."""
    cut = await parser.cut(new.text, new.name, new.kind, new.language)
    return PreparedDocument(new, cut.chunks, cut.languages)


async def without_known(outcome: PreparationOutcome, known: set[str]) -> PreparationOutcome:
    """Return a document without its chunks when its content hash is in ``known``, else add that to ``known``."""
    if not isinstance(outcome, PreparedDocument):
        return outcome
    content_hash = await offload_large(len(outcome.new.text), _content_hash, outcome.new)
    if content_hash in known:
        return PreparedDocument(outcome.new)
    known.add(content_hash)
    return outcome


def _content_hash(new: NewDocument) -> str:
    return new.content_hash


def _read(source: DocumentSource) -> tuple[bytes, str]:
    data = source.read()
    return data, hash_bytes(data)


def hash_bytes(data: bytes) -> str:
    """Return the hash of bytes and ``extract.VERSION``: BLAKE2b, 32 hex digits."""
    return hashlib.blake2b(data, digest_size=16, salt=VERSION.to_bytes(4, "little")).hexdigest()


def documents_in(batch: Sequence[PreparationOutcome]) -> list[PreparedDocument]:
    """Return the documents of a batch that are to be stored."""
    return [item for item in batch if isinstance(item, PreparedDocument)]


async def batches(
    items: AsyncGenerator[PreparationOutcome, None], n_items: int
) -> AsyncGenerator[list[PreparationOutcome], None]:
    """Yield batches with about ``BATCH_PASSAGES`` chunks, or ``n_items``: small documents are embedded together."""
    batch: list[PreparationOutcome] = []
    async with aclosing(items):
        async for item in items:
            batch.append(item)
            n_passages = sum(len(prepared.chunks) for prepared in documents_in(batch))
            if n_passages >= BATCH_PASSAGES or len(batch) >= n_items:
                yield batch
                batch = []
    if batch:
        yield batch
