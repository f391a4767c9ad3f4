"""Preparing one document: from its bytes to chunks ready to be embedded. Blocks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.errors import BadInput
from core.knowledge.extract import VERSION, extract
from core.language import detect_language
from core.retrieval.chunk import chunk, searched_text
from core.storage.documents import NewDocument, StoredSource
from core.types import Chunk, IndexedDocument, Language

BATCH_PASSAGES = 64
"""How many passages are embedded in one call: enough for an embedder's batches, few enough to stop soon."""


@dataclass(frozen=True, slots=True)
class DocumentSource:
    """A document to be indexed: ``read`` returns its bytes and blocks; ``content_type`` is the server's, if any."""

    name: str
    read: Callable[[], bytes]
    content_type: str = ""


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


def prepare(
    source: DocumentSource, held: Mapping[str, StoredSource], known: set[str], language: Language
) -> PreparationOutcome:
    """Read, extract and cut a document, unless its bytes are those that the space ``held`` under its name.

    A text whose content hash is in ``known`` is not cut; other hashes are added to ``known``.
    """
    try:
        data = source.read()
        source_hash = hash_bytes(data)
        before = held.get(source.name)
        if before is not None and before.source_hash == source_hash:
            return IndexedDocument(source.name, "unchanged", before.n_passages)
        text = extract(data, source.name, source.content_type, language)
    except BadInput as error:
        return FailedDocument(source.name, error)
    new = NewDocument(source.name, source_hash, text.title, text.kind, text.language, text.text)
    if new.content_hash in known:
        return PreparedDocument(new)
    known.add(new.content_hash)
    return cut_chunks(new)


def cut_chunks(new: NewDocument) -> PreparedDocument:
    """Cut a text into chunks and detect the language of each."""
    chunks = tuple(chunk(new.text, kind=new.kind))
    return PreparedDocument(new, chunks, tuple(detect_language(piece.text, new.language) for piece in chunks))


def hash_bytes(data: bytes) -> str:
    """Return the hash of bytes and ``extract.VERSION``: BLAKE2b, 32 hex digits."""
    return hashlib.blake2b(data, digest_size=16, salt=VERSION.to_bytes(4, "little")).hexdigest()
