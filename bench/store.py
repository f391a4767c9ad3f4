"""The store at size: stub vectors, invented words, the real database and the real search.

Run: python bench/store.py [N_PASSAGES ...]   (100,000 without arguments)
Prints what storing and indexing reach a second and how big the files are; then, from a fresh process, how soon it is
ready, milliseconds of each step of a search, how much memory it has, how many of the truly nearest 24 the dense half
finds, and how soon an added document is found.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.search_index import open_index
from bench.synthetic import SPACE, StubEmbedder, ZipfWords, store, unit_vectors
from bench.table import heading, row
from bench.timing import p50_p95, resident_mb, timed
from core.types import Matrix, Scope

N_QUERIES, N_RECALL, N_ADDED = 200, 50, 20
N_NEAREST = 24
PER_DOCUMENT = 100
N_TEXTS = 20_000
"""Different texts; each passage has a word of its own besides."""


def vectors(n_passages: int) -> Iterator[Matrix]:
    """Yield the passages' vectors, document by document; the same each time, so that the truly nearest are known."""
    draw = np.random.default_rng(7)
    for _ in range(n_passages // PER_DOCUMENT):
        yield unit_vectors(draw, PER_DOCUMENT)


async def build(folder: Path, n_passages: int) -> dict[str, float]:
    """Store and index everything."""
    words = ZipfWords()
    texts = [words.text(120) for _ in range(min(N_TEXTS, n_passages))]
    storing_s, cpu_s = 0.0, 0.0
    async with open_index(folder, StubEmbedder()) as index:
        for number, rows in enumerate(vectors(n_passages)):
            places = range(number * PER_DOCUMENT, (number + 1) * PER_DOCUMENT)
            pieces = [f"{texts[place % len(texts)]} own{place}x" for place in places]
            with timed() as storing:
                await store(index.documents, f"document {number}", pieces, rows)
            storing_s += storing.wall_s
            cpu_s += storing.cpu_s
        with timed() as indexing:
            await index.searcher.search(Scope(SPACE), words.text(8), "en")
            await index.searcher.close()
    return {
        "stored_per_s": n_passages / storing_s,
        "indexed_per_s": n_passages / indexing.wall_s,
        "ingest_per_s": n_passages / (storing_s + indexing.wall_s),
        "cpu_us": (cpu_s + indexing.cpu_s) / n_passages * 1e6,
    }


async def measure(folder: Path, n_passages: int) -> dict[str, float]:
    """Open what ``build`` left, and search it."""
    words, embedder = ZipfWords(), StubEmbedder()
    async with open_index(folder, embedder) as index:
        with timed() as first:
            await index.searcher.search(Scope(SPACE), words.text(8), "en")
        with timed() as searching:
            found = [await index.searcher.search(Scope(SPACE), words.text(8), "en") for _ in range(N_QUERIES)]
        figures = {"reload_s": first.wall_s, "cpu_ms": searching.cpu_s * 1000 / N_QUERIES}
        figures["resident_mb"] = resident_mb()
        for step in found[0].latency_ms:
            if step != "embed":
                figures |= spread(step, [each.latency_ms[step] for each in found])
        figures |= spread("hybrid", [sum(ms for s, ms in e.latency_ms.items() if s != "embed") for e in found])
        fresh = await index.searcher._indexes.fresh(SPACE)
        assert fresh is not None
        queries = np.stack([each.query_vector for each in found[:N_RECALL] if each.query_vector is not None])
        truth = nearest(queries, n_passages)
        theirs = [fresh.dense.search(query, N_NEAREST)[0] for query in queries]
        shares = [len(np.intersect1d(*each)) / N_NEAREST for each in zip(theirs, truth, strict=True)]
        figures["recall@24"] = float(np.mean(shares))
        added_ms = []
        for number in range(N_ADDED):
            texts = [f"freshword{number}x is here"]
            with timed() as adding:
                await store(index.documents, f"new {number}", texts, embedder.embed_passages(texts))
                hits = (await index.searcher.search(Scope(SPACE), f"freshword{number}x", "en")).hits
            added_ms.append(adding.wall_s * 1000)
            assert any(f"freshword{number}x" in hit.passage.text for hit in hits), "an added document was not found"
        figures |= spread("added", added_ms)
    return figures


def nearest(queries: Matrix, n_passages: int) -> NDArray[np.intp]:
    """Return the ids of the truly nearest passages of each query, by comparing all in single precision."""
    scores = np.concatenate([queries @ rows.T for rows in vectors(n_passages)], axis=1)
    return np.argpartition(-scores, N_NEAREST, axis=1)[:, :N_NEAREST] + 1


def spread(name: str, values_ms: list[float]) -> dict[str, float]:
    middle, high = p50_p95(values_ms)
    return {f"{name} p50": middle, f"{name} p95": high}


def report(n_passages: int, built: dict[str, float], read: dict[str, float]) -> None:
    print(f"\n{n_passages:,} passages")
    print(
        f"ingest {built['ingest_per_s']:,.0f}/s (stored {built['stored_per_s']:,.0f}/s, indexed "
        f"{built['indexed_per_s']:,.0f}/s; {built['cpu_us']:.0f} µs of CPU each) · {built['disk_mb']:,.0f} MB of files"
        f" · ready again in {read['reload_s']:.2f} s · {read['resident_mb']:,.0f} MB resident · "
        f"recall@24 {read['recall@24']:.4f} · {read['cpu_ms']:.1f} ms of CPU a search\n"
    )
    print(heading("step", "p50 ms", "p95 ms"))
    for name in [name.removesuffix(" p50") for name in read if name.endswith(" p50")]:
        print(row(name, f"{read[f'{name} p50']:.2f}", f"{read[f'{name} p95']:.2f}"))


def main() -> None:
    match sys.argv[1:]:
        case ["--build" | "--measure" as phase, folder, size]:
            work = build if phase == "--build" else measure
            print(json.dumps(asyncio.run(work(Path(folder), int(size)))))
        case sizes:
            for size in sizes or ["100000"]:
                with tempfile.TemporaryDirectory() as folder:
                    built = child("--build", folder, size)
                    built["disk_mb"] = sum(path.stat().st_size for path in Path(folder).rglob("*")) / 1e6
                    read = child("--measure", folder, size)
                report(int(size), built, read)


def child(*arguments: str) -> dict[str, float]:
    """Run one phase in a process of its own, and return its figures."""
    done = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


if __name__ == "__main__":
    main()
