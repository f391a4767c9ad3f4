"""Evaluates search and gate on labelled sets: ``aion eval`` and the benchmarks.

Each set is indexed into a temporary database and searched with every method: BM25 alone, dense alone, reciprocal rank
fusion, the shipped fusion, and the specification's (dense, MMR, its confidence and threshold).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from pathlib import Path

import numpy as np

from core.confidence.calibrate import shipped
from core.confidence.gate import LogisticGate, SpecGate
from core.errors import BadInput
from core.evaluation.dataset import LabelledDocument, LabelledSet
from core.evaluation.harness import Measurement, Ranking, SearchMethod, by_choice, by_score, measure
from core.knowledge.extract import extract, kind_of
from core.language import detect_language
from core.offload import offload
from core.ports import Embedder, Gate, Reader, Reranker
from core.retrieval.chunk import chunk, searched_text
from core.retrieval.fuse import Fusion, dense_alone, fusion_for, lexical_alone, reciprocal_rank
from core.retrieval.reading.reading_searcher import ReadingSearcher
from core.retrieval.rerank import RerankingSearcher
from core.retrieval.search import HybridSearcher
from core.retrieval.second_embedder import SecondEmbedder
from core.storage.database import Database
from core.storage.documents import Documents, NewDocument
from core.storage.embeddings.embedded_chunks import ChunkVectors, EmbeddedChunks
from core.storage.embeddings.second_vectors import SecondVectors
from core.storage.passages import Passages
from core.types import Chunk, SpaceId

SPACE = SpaceId("eval")
"""Space that a set is indexed into, in the temporary database."""

Cut = Callable[[str, str], list[Chunk]]
"""Cuts a text of a kind into chunks."""


def _cut(text: str, kind: str) -> list[Chunk]:
    return chunk(text, kind=kind)


async def assess(
    data: LabelledSet,
    embedder: Embedder,
    gate: Gate | None = None,
    tell: Callable[[str], None] = lambda line: None,
    reranker: Reranker | None = None,
    reader: Reader | None = None,
    second: Embedder | None = None,
) -> Mapping[str, Measurement]:
    """Return the measurement of each method on ``data``.

    With a ``second`` embedder, ``second`` is the shipped fusion with what that adds, which is read and reranked.
    With a ``reader``, ``read`` is the shipped search with its hits read; with a ``reranker`` there is
    ``reranked``. ``gate`` replaces the shipped one; ``tell`` receives progress.
    """
    gate = gate or LogisticGate(shipped(embedder.id))
    with tempfile.TemporaryDirectory() as folder:
        async with await Database.open(Path(folder)) as database:
            tell(f"{data.name}: indexing {len(data.documents)} documents")
            ids_of = await store_labelled(Documents(database), embedder, data.documents, SPACE, second=second)
            measured = {}
            for name, (fusion, judge, ranking) in _methods(embedder, gate).items():
                tell(f"{data.name}: asking {len(data.questions)} questions ({name})")
                searcher = HybridSearcher(embedder, Passages(database), Path(folder) / "indexes" / name, fusion)
                measured[name] = await measure(data, SPACE, SearchMethod(searcher, judge, ranking), ids_of)
            indexes = Path(folder) / "indexes" / "fused"
            searcher = HybridSearcher(embedder, Passages(database), indexes, second=stored_second(database, second))
            optional = _optional(searcher, gate, reader, reranker)
            if second is not None:
                optional = {"second": SearchMethod(searcher, gate), **optional}
            for name, method in optional.items():
                tell(f"{data.name}: asking {len(data.questions)} questions ({name})")
                measured[name] = await measure(data, SPACE, method, ids_of)
            return measured


def _methods(embedder: Embedder, gate: Gate) -> Mapping[str, tuple[Fusion, Gate, Ranking]]:
    return {
        "bm25": (lexical_alone, gate, by_score),
        "dense": (dense_alone, gate, by_score),
        "rrf": (reciprocal_rank, gate, by_score),
        "fused": (fusion_for(embedder.id), gate, by_score),
        "spec": (dense_alone, SpecGate(), by_choice),
    }


def _optional(
    searcher: HybridSearcher, gate: Gate, reader: Reader | None, reranker: Reranker | None
) -> Mapping[str, SearchMethod]:
    methods = {}
    if reader is not None:
        methods["read"] = SearchMethod(ReadingSearcher(searcher, reader), gate)
    if reranker is not None:
        methods["reranked"] = SearchMethod(RerankingSearcher(searcher, reranker), gate)
    return methods


async def store_labelled(
    documents: Documents,
    embedder: Embedder,
    corpus: Sequence[LabelledDocument],
    space: SpaceId,
    cut: Cut = _cut,
    second: Embedder | None = None,
) -> Mapping[int, Sequence[str]]:
    """Cut, embed and store a corpus in ``space``; return the labelled ids of each stored document.

    A document whose title is a file's name is read as ``aion index`` reads that file, and left out where it cannot be
    read. A text that the corpus has under several ids is stored once, with all of them.
    """
    prepared = await offload(_prepared, corpus, embedder, cut, second)
    await documents.store_all(space, prepared)
    return {stored.id: stored.names for stored in await documents.list(space)}


def _prepared(
    corpus: Sequence[LabelledDocument], embedder: Embedder, cut: Cut, second: Embedder | None
) -> list[tuple[NewDocument, EmbeddedChunks]]:
    texts = [new for new in map(_new, corpus) if new is not None]
    chunks = [cut(new.text, new.kind) for new in texts]
    inputs = [
        searched_text(new.title, piece.heading, piece.text)
        for new, pieces in zip(texts, chunks, strict=True)
        for piece in pieces
    ]
    ends = np.cumsum([len(pieces) for pieces in chunks])[:-1]
    own = ChunkVectors(embedder.embed_passages(inputs), embedder.id).split(ends)
    seconds = ChunkVectors(second.embed_passages(inputs), second.id).split(ends) if second else repeat(None, len(own))
    return [
        (
            new,
            EmbeddedChunks(
                pieces,
                [detect_language(each.text, new.language) for each in pieces],
                row.vectors,
                row.embedder_id,
                second=further,
            ),
        )
        for new, pieces, row, further in zip(texts, chunks, own, seconds, strict=True)
    ]


def stored_second(database: Database, second: Embedder | None) -> SecondEmbedder | None:
    """Return a second embedder with its vectors in ``database``."""
    return None if second is None else SecondEmbedder(second, SecondVectors(database))


def _new(document: LabelledDocument) -> NewDocument | None:
    """Return the text of a document with its title; ``None`` for a file that cannot be read."""
    try:
        is_file = kind_of(document.title) != "code"  # an article may be called Node.js
    except BadInput:
        is_file = False
    if not is_file:
        language = detect_language(document.text)
        return NewDocument(document.id, document.id, document.title, "text", language, document.text)
    try:
        found = extract(document.text.encode(), document.title)
    except BadInput:
        return None
    return NewDocument(document.id, document.id, found.title, found.kind, found.language, found.text)
