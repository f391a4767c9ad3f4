"""How long each step of a search takes, without the embedder: stub vectors, invented words, the real database.

Run: python bench/search_latency.py [N_PASSAGES ...]   (10,000 without arguments)
Prints milliseconds per step at p50 and p95, and how long a stored document takes until it is found.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from statistics import median

from bench.search_index import SearchIndex, open_index
from bench.synthetic import SPACE, StubEmbedder, ZipfWords, store
from bench.table import heading, row
from bench.timing import p50_p95, timed
from core.types import Scope

N_QUERIES = 200
PASSAGES_PER_DOCUMENT = 100


async def measure(n_passages: int) -> None:
    words, embedder = ZipfWords(), StubEmbedder()
    with tempfile.TemporaryDirectory() as folder:
        async with open_index(Path(folder), embedder) as index:
            for number in range(n_passages // PASSAGES_PER_DOCUMENT):
                texts = [words.text(120) for _ in range(PASSAGES_PER_DOCUMENT)]
                await store(index.documents, f"document {number}", texts, embedder.embed_passages(texts))
            build_s = await first_search_s(index, words)
            taken = [
                dict((await index.searcher.search(Scope(SPACE), words.text(8), "en")).latency_ms)
                for _ in range(N_QUERIES)
            ]
            added_ms = [await add_one(index, embedder, number) for number in range(10)]
            await index.searcher.close()
        async with open_index(Path(folder), embedder) as index:
            reload_s = await first_search_s(index, words)
    report(n_passages, taken, added_ms, build_s, reload_s)


async def first_search_s(index: SearchIndex, words: ZipfWords) -> float:
    """Return the seconds of the first search, for which the index is built or read."""
    with timed() as first:
        await index.searcher.search(Scope(SPACE), words.text(8), "en")
    return first.wall_s


async def add_one(index: SearchIndex, embedder: StubEmbedder, number: int) -> float:
    """Return the milliseconds from a document being stored to a search having found it, storing not included."""
    texts = [f"freshword{number}x is here"]
    await store(index.documents, f"new {number}", texts, embedder.embed_passages(texts))
    with timed() as search:
        found = await index.searcher.search(Scope(SPACE), f"freshword{number}x", "en")
    if all(f"freshword{number}x" not in hit.passage.text for hit in found.hits):
        raise SystemExit("an added document was not found")
    return search.wall_s * 1000


def report(
    n_passages: int, taken: list[dict[str, float]], added_ms: list[float], build_s: float, reload_s: float
) -> None:
    print(f"\n{n_passages:,} passages · index built in {build_s:.1f} s, reopened in {reload_s:.2f} s")
    print(f"added document searchable in {median(added_ms):.1f} ms (p50)\n")
    print(heading("step", "p50 ms", "p95 ms"))
    rows = {step: [steps[step] for steps in taken] for step in taken[0] if step != "embed"}
    rows["all but embed"] = [sum(ms for step, ms in steps.items() if step != "embed") for steps in taken]
    for step, values in rows.items():
        print(row(step, *(f"{ms:.2f}" for ms in p50_p95(values))))


if __name__ == "__main__":
    for size in [int(argument) for argument in sys.argv[1:]] or [10_000]:
        asyncio.run(measure(size))
