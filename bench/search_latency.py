"""How long each step of a search takes, without the embedder: stub vectors, invented words, the real database.

Run: python bench/search_latency.py [N_PASSAGES ...]   (10,000 without arguments)
Prints milliseconds per step at p50 and p95, and how long a stored document takes until it is found.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.retrieval.search import HybridSearcher
from core.storage.database import Database
from core.storage.documents import Documents, EmbeddedChunks, NewDocument
from core.storage.passages import Passages
from core.types import Chunk, Matrix, SpaceId, Vector

SPACE = SpaceId("bench")
DIM = 384
N_QUERIES = 200
PASSAGES_PER_DOCUMENT = 100


class StubEmbedder:
    """Random vectors, so that only the search is timed."""

    id = "stub"
    dim = DIM

    def __init__(self) -> None:
        self._draw = np.random.default_rng(1)

    def embed_query(self, text: str) -> Vector:
        """Draw one vector."""
        return self.embed_passages([text])[0]

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        """Draw as many vectors."""
        vectors = self._draw.normal(size=(len(texts), DIM)).astype(np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def warm(self) -> None:
        """Nothing is loaded."""


class Words:
    """Texts of invented words whose frequencies follow Zipf's law."""

    def __init__(self, n_words: int = 30_000) -> None:
        self._draw = np.random.default_rng(2)
        self._words = np.array([f"w{n:05d}q" for n in range(n_words)])
        weights = 1 / np.arange(1, n_words + 1)
        self._weights = weights / weights.sum()

    def text(self, n_words: int) -> str:
        """Draw a text."""
        return " ".join(self._draw.choice(self._words, n_words, p=self._weights))


async def measure(n_passages: int) -> None:
    words, embedder = Words(), StubEmbedder()
    with tempfile.TemporaryDirectory() as folder:
        async with await Database.open(Path(folder)) as database:
            documents = Documents(database)
            searcher = HybridSearcher(embedder, Passages(database), Path(folder) / "indexes")
            for number in range(n_passages // PASSAGES_PER_DOCUMENT):
                await store(documents, embedder, f"document {number}", [words.text(120) for _ in range(100)])
            start_s = time.perf_counter()
            await searcher.search(SPACE, words.text(8), "en")
            build_s = time.perf_counter() - start_s

            taken = [dict((await searcher.search(SPACE, words.text(8), "en")).latency_ms) for _ in range(N_QUERIES)]
            added_ms = [await add_one(documents, embedder, searcher, number) for number in range(10)]

            await searcher.close()
            searcher = HybridSearcher(embedder, Passages(database), Path(folder) / "indexes")
            start_s = time.perf_counter()
            await searcher.search(SPACE, words.text(8), "en")
            reload_s = time.perf_counter() - start_s
    report(n_passages, taken, added_ms, build_s, reload_s)


async def store(documents: Documents, embedder: StubEmbedder, name: str, texts: list[str]) -> None:
    chunks = [Chunk(text, 0, len(text)) for text in texts]
    new = NewDocument(name, name, name, "text", "en", "\n".join(texts))
    await documents.store(
        SPACE, new, EmbeddedChunks(chunks, ["en"] * len(chunks), embedder.embed_passages(texts), "stub")
    )


async def add_one(documents: Documents, embedder: StubEmbedder, searcher: HybridSearcher, number: int) -> float:
    """Return the milliseconds from a document being stored to a search having found it, storing not included."""
    await store(documents, embedder, f"new {number}", [f"freshword{number}x is here"])
    start_s = time.perf_counter()
    found = await searcher.search(SPACE, f"freshword{number}x", "en")
    if all(f"freshword{number}x" not in hit.passage.text for hit in found.hits):
        raise SystemExit("an added document was not found")
    return (time.perf_counter() - start_s) * 1000


def report(
    n_passages: int, taken: list[dict[str, float]], added_ms: list[float], build_s: float, reload_s: float
) -> None:
    print(f"\n{n_passages:,} passages · index built in {build_s:.1f} s, reopened in {reload_s:.2f} s")
    print(f"added document searchable in {np.median(added_ms):.1f} ms (p50)\n")
    print("| step | p50 ms | p95 ms |\n|---|---|---|")
    rows = {step: [steps[step] for steps in taken] for step in taken[0] if step != "embed"}
    rows["all but embed"] = [sum(ms for step, ms in steps.items() if step != "embed") for steps in taken]
    for step, values in rows.items():
        print(f"| {step} | {np.percentile(values, 50):.2f} | {np.percentile(values, 95):.2f} |")


if __name__ == "__main__":
    for size in [int(argument) for argument in sys.argv[1:]] or [10_000]:
        asyncio.run(measure(size))
