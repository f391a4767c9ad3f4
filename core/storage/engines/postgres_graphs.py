"""pgvector's graphs (HNSW): one for each embedder's vectors of a large space, with nothing of others in it.

A graph's name says what it is of and how it was built, so that one built in another way is replaced, and serves until
then. It is built in the memory that the server's ``maintenance_work_mem`` grants, else on the disk, many times slower.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

N_EXACT = 10_000
"""Passages up to which a space is scanned."""

M, EF_CONSTRUCTION = 24, 96
"""Neighbours of each vector, twice as many on the lowest level, and how many are compared to find them.

Of vectors compared equally often, more of the nearest are found than with pgvector's 16 and 64, for about 1.5 times
the time to build (``bench/postgres_graph.py``).
"""

_BUILD_S = 6 * 3600.0
"""Seconds after which building a graph is given up."""

PREFIX = "graph_"
"""How the names of graphs begin."""


@dataclass(frozen=True, slots=True)
class _Graph:
    """A graph: the passages it is of, the dimension of their vectors, and how many they are."""

    space: str
    embedder_id: str
    dim: int
    n_passages: int

    @property
    def name(self) -> str:
        return graph_name(self.space, self.embedder_id, self.dim)

    @property
    def ddl(self) -> str:
        condition = f"space_id = {_quoted(self.space)} AND embedder_id = {_quoted(self.embedder_id)}"
        method = f"hnsw ((vector::halfvec({self.dim})) halfvec_ip_ops) WITH ({_options()})"
        return f"CREATE INDEX CONCURRENTLY {self.name} ON passages USING {method} WHERE {condition}"


def graph_name(space: str, embedder_id: str, dim: int) -> str:
    """Return the name of the graph of a space's vectors, whether there is one or not."""
    key = f"{space}\n{embedder_id}\n{dim}\n{_options()}"
    return PREFIX + hashlib.sha256(key.encode()).hexdigest()[:24]


def _options() -> str:
    return f"m = {M}, ef_construction = {EF_CONSTRUCTION}"


async def tend_graphs(engine: AsyncEngine) -> int:
    """Build the graphs that are missing, drop those that are cut short or no longer needed; return how many those are.

    Others read and write meanwhile. A space that shrinks keeps its graph down to half of ``N_EXACT``, and one whose
    graph is built anew keeps the old one until the new one is there.
    """
    async with engine.connect() as connection:
        large = await _large_spaces(connection)
        is_valid = await _existing(connection)
    kept = {graph.name for graph in large}
    cut_short = [_dropping(name) for name in is_valid if not is_valid[name]]
    missing = [graph.ddl for graph in large if graph.n_passages > N_EXACT and not is_valid.get(graph.name)]
    unneeded = [_dropping(name) for name in is_valid if is_valid[name] and name not in kept]
    statements = [*cut_short, *missing, *unneeded]
    for statement in statements:
        await _run(engine, statement)
    return len(statements)


async def _large_spaces(connection: AsyncConnection) -> list[_Graph]:
    counted = text(
        "SELECT space_id, embedder_id, n, vector_dims(vector) AS dim FROM (SELECT space_id, embedder_id, count(*) AS n,"
        " min(id) AS id FROM passages GROUP BY space_id, embedder_id HAVING count(*) > :least) AS large"
        " JOIN passages USING (space_id, embedder_id, id)"
    )
    rows = await connection.execute(counted, {"least": N_EXACT // 2})
    return [_Graph(row.space_id, row.embedder_id, row.dim, row.n) for row in rows]


async def _existing(connection: AsyncConnection) -> dict[str, bool]:
    """Return the graphs there are, and whether each was built to its end."""
    found = text(
        "SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
        " WHERE indrelid = 'passages'::regclass AND starts_with(relname, :prefix)"
    )
    return {row.relname: row.indisvalid for row in await connection.execute(found, {"prefix": PREFIX})}


async def _run(engine: AsyncEngine, statement: str) -> None:
    """Run a statement that no transaction may hold, in one message, as a pooler wants it."""
    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.execute(statement, timeout=_BUILD_S)


def _dropping(name: str) -> str:
    return f"DROP INDEX CONCURRENTLY {name}"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
