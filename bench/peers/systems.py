"""One adapter per system, along the path its own documentation starts with: give it documents, ask it a question.

Each is given the same embedding functions. What a system does beyond that (cutting texts, keyword search, fusing) is
its own way; where its documentation shows hybrid search as a ready part, that is used.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from bench.search_index import open_index
from core.evaluation.dataset import LabelledDocument
from core.experiments.search_eval import SPACE, store_labelled
from core.ports import Embedder
from core.types import Scope


class RetrievalSystem(ABC):
    """A retrieval system: ``ingest`` once, then ``ask`` for document ids, best first, perhaps repeated."""

    @abstractmethod
    def __init__(self, embedder: Embedder, folder: Path) -> None:
        """Open it with its files in an empty folder. Raises ``ImportError`` where it is not installed."""

    @abstractmethod
    def ingest(self, documents: Sequence[LabelledDocument]) -> None: ...

    @abstractmethod
    def ask(self, question: str) -> list[str]: ...

    def close(self) -> None:  # noqa: B027 - most hold nothing open
        """Close what is open."""


def text_of(document: LabelledDocument) -> str:
    return f"{document.title}\n{document.text}".strip()


class Aion(RetrievalSystem):
    """AION: what `aion index` and a question run, but for reading files."""

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        # Runner.run prints a task's result, vectors and all, while it puts back the signal handler: 0.2 s a question.
        self._loop, self._stack, self._embedder = asyncio.new_event_loop(), AsyncExitStack(), embedder
        self._index = self._loop.run_until_complete(self._stack.enter_async_context(open_index(folder, embedder)))

    def ingest(self, documents: Sequence[LabelledDocument]) -> None:
        stored = store_labelled(self._index.documents, self._embedder, documents, SPACE)
        self._names = self._loop.run_until_complete(stored)
        self.ask("ready")

    def ask(self, question: str) -> list[str]:
        found = self._loop.run_until_complete(self._index.searcher.search(Scope(SPACE), question, "en"))
        return [name for hit in found.hits for name in self._names[hit.passage.document_id]]

    def close(self) -> None:
        self._loop.run_until_complete(self._index.searcher.close())
        self._loop.run_until_complete(self._stack.aclose())
        self._loop.close()


class Chroma(RetrievalSystem):
    """Chroma, "Getting Started": a collection with an embedding function, ``add``, ``query``."""

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        import chromadb
        from chromadb.api.types import EmbeddingFunction

        class Function(EmbeddingFunction):  # type: ignore[misc]  # not installed where types are checked
            def __init__(self) -> None: ...

            def __call__(self, input: Any) -> Any:
                return list(embedder.embed_passages(input))

            def embed_query(self, input: Any) -> Any:
                return [embedder.embed_query(text) for text in input]

        client = chromadb.PersistentClient(str(folder))
        self._collection = client.create_collection("bench", embedding_function=Function())

    def ingest(self, documents: Sequence[LabelledDocument]) -> None:
        self._collection.add(ids=[each.id for each in documents], documents=[text_of(each) for each in documents])

    def ask(self, question: str) -> list[str]:
        return list(self._collection.query(query_texts=[question], n_results=10)["ids"][0])


class LlamaIndex(RetrievalSystem):
    """LlamaIndex, "Starter Tutorial": ``VectorStoreIndex.from_documents``, then a retriever."""

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        from llama_index.core.embeddings import BaseEmbedding

        class Model(BaseEmbedding):  # type: ignore[misc]  # not installed where types are checked
            def _get_query_embedding(self, query: str) -> Any:
                return embedder.embed_query(query).tolist()

            async def _aget_query_embedding(self, query: str) -> Any:
                return self._get_query_embedding(query)

            def _get_text_embedding(self, text: str) -> Any:
                return embedder.embed_passages([text])[0].tolist()

            def _get_text_embeddings(self, texts: list[str]) -> Any:
                return embedder.embed_passages(texts).tolist()

        self._model = Model(embed_batch_size=64)

    def ingest(self, documents: Sequence[LabelledDocument]) -> None:
        from llama_index.core import Document, VectorStoreIndex

        made = [Document(text=text_of(each), id_=each.id) for each in documents]
        index = VectorStoreIndex.from_documents(made, embed_model=self._model)
        self._retriever = index.as_retriever(similarity_top_k=24)

    def ask(self, question: str) -> list[str]:
        return [found.node.ref_doc_id for found in self._retriever.retrieve(question)]


class Haystack(RetrievalSystem):
    """Haystack, "Creating a Hybrid Retrieval Pipeline": both in-memory retrievers, joined by reciprocal rank."""

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        from haystack import Pipeline
        from haystack.components.joiners import DocumentJoiner
        from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
        from haystack.document_stores.in_memory import InMemoryDocumentStore

        self._embedder, self._store = embedder, InMemoryDocumentStore(embedding_similarity_function="cosine")
        self._pipeline = Pipeline()
        self._pipeline.add_component("dense", InMemoryEmbeddingRetriever(self._store))
        self._pipeline.add_component("words", InMemoryBM25Retriever(self._store))
        self._pipeline.add_component("joiner", DocumentJoiner(join_mode="reciprocal_rank_fusion"))
        self._pipeline.connect("dense", "joiner")
        self._pipeline.connect("words", "joiner")

    def ingest(self, documents: Sequence[LabelledDocument]) -> None:
        from haystack import Document
        from haystack.components.preprocessors import DocumentSplitter

        splitter = DocumentSplitter(split_by="word", split_length=200, split_overlap=32)
        splitter.warm_up()
        made = [Document(content=text_of(each), meta={"name": each.id}) for each in documents]
        pieces = splitter.run(documents=made)["documents"]
        vectors = self._embedder.embed_passages([piece.content for piece in pieces])
        rows = zip(pieces, vectors, strict=True)
        self._store.write_documents(
            [Document(content=piece.content, meta=piece.meta, embedding=row.tolist()) for piece, row in rows]
        )

    def ask(self, question: str) -> list[str]:
        vector = self._embedder.embed_query(question).tolist()
        asked = {"dense": {"query_embedding": vector, "top_k": 24}, "words": {"query": question, "top_k": 24}}
        return [found.meta["name"] for found in self._pipeline.run(asked)["joiner"]["documents"]]


class Txtai(RetrievalSystem):
    """txtai, "Build an Embeddings index": ``index`` and ``search``, hybrid and with content, as its examples set it."""

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        import numpy as np
        from txtai import Embeddings

        def transform(texts: Any) -> Any:
            # It calls one function for questions and for texts, and asks questions one at a time.
            return embedder.embed_query(texts[0])[None] if self._asking else np.asarray(embedder.embed_passages(texts))

        self._asking = False
        self._embeddings = Embeddings(method="external", transform=transform, hybrid=True, content=True)

    def ingest(self, documents: Sequence[LabelledDocument]) -> None:
        self._embeddings.index([(each.id, text_of(each), None) for each in documents])
        self._asking = True

    def ask(self, question: str) -> list[str]:
        return [found["id"] for found in self._embeddings.search(question, 24)]


SYSTEMS: Mapping[str, type[RetrievalSystem]] = {
    "aion": Aion,
    "chroma": Chroma,
    "llama_index": LlamaIndex,
    "haystack": Haystack,
    "txtai": Txtai,
}
