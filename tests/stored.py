"""Documents made by hand, for tests of what is stored."""

from __future__ import annotations

from core.storage.documents import NewDocument
from core.storage.embeddings.embedded_chunks import EmbeddedChunks
from core.types import Chunk, Language
from tests.fakes import WordEmbedder


def new_document(
    name: str, text: str, *, title: str = "", source_hash: str = "", language: Language = "en"
) -> NewDocument:
    """Return a text document under ``name``."""
    return NewDocument(name, source_hash or f"bytes of {text}"[:64], title or name, "text", language, text)


def embedded(*texts: str, embedder: WordEmbedder | None = None, language: Language = "en") -> EmbeddedChunks:
    """Return texts as the chunks of one document, one after the other."""
    embedder = embedder or WordEmbedder()
    chunks, start = [], 0
    for text in texts:
        chunks.append(Chunk(text, start, start + len(text)))
        start += len(text) + 1
    return EmbeddedChunks(chunks, [language] * len(chunks), embedder.embed_passages(texts), embedder.id)
