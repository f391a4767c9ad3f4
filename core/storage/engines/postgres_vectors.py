"""Nearest neighbours in PostgreSQL: a scan of the space, or pgvector's graph where the space has one.

Both embedders of a migration are searched: vectors that are to come stand in ``coming_vectors`` until they are adopted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Sequence
from functools import cache, partial
from typing import Any

import numpy as np
from sqlalchemy import REAL, BigInteger, Double, Row, String, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import StorageCorrupt
from core.storage.engines.postgres_graphs import graph_name
from core.storage.engines.postgres_sql import read_sent
from core.types import Matrix, SpaceId, Vector

EF_LEAST, EF_MOST = 200, 1000
"""How many of the best vectors are followed through a graph; 50 are wanted, and 1000 is the most pgvector takes."""

N_LEAST = 250_000
"""Vectors in a graph up to which ``EF_LEAST`` is enough; of more, as many more are followed as the root of them."""

ITERATIVE_SCAN = "strict_order"
"""A graph is followed on, in order, until enough rows pass the conditions."""

_SETTINGS = text(
    "SELECT set_config('hnsw.ef_search', CAST(coalesce(("
    "SELECT greatest(:least, least(:most, round(:least * sqrt(greatest(reltuples, 0) / :n_least))))"
    " FROM pg_class WHERE oid = to_regclass(:graph)"
    "), :least) AS text), true) AS ef_search, set_config('hnsw.iterative_scan', :iterative_scan, true)"
).bindparams(
    bindparam("least", EF_LEAST, Double),
    bindparam("most", EF_MOST, Double),
    bindparam("n_least", N_LEAST, Double),
    bindparam("graph", type_=String),
    iterative_scan=ITERATIVE_SCAN,
)
"""Of this transaction alone: a connection behind a pooler is others' afterwards.

How large a graph is, PostgreSQL knows from building, vacuuming and analysing it.
"""

Found = Sequence[Row[Any]]

RunBlocking = Callable[[Callable[[AsyncConnection], Coroutine[Any, Any, Found]]], Found]
"""Runs work on a connection, in one transaction. Blocks."""


class PostgresVectors:
    """The stored vectors (``core.ports.VectorSearch``)."""

    def __init__(self, run: RunBlocking) -> None:
        self._run = run

    def candidates(
        self, space: SpaceId, embedder_id: str, query: Vector, limit: int, others: Collection[int]
    ) -> tuple[list[int], Matrix]:
        """Return the ``limit`` passages nearest to ``query``, best first, then those of ``others`` that are there."""
        values = {"space": space, "embedder": embedder_id, "query": query.tolist(), "limit": limit}
        rows = self._run(partial(_rows, len(query), {**values, "others": list(others)}))
        found = {row.id: read_sent(row.sent) for row in rows}
        nearest = {row.id: float(found[row.id] @ query) for row in rows if row.is_near}
        best = sorted(nearest, key=lambda id_: -nearest[id_])[:limit]
        ids = list(dict.fromkeys([*best, *(id_ for id_ in others if id_ in found)]))
        return ids, np.stack([found[id_] for id_ in ids]) if ids else np.empty((0, len(query)), np.float32)


async def _rows(dim: int, values: dict[str, Any], connection: AsyncConnection) -> Found:
    await connection.execute(_SETTINGS, {"graph": graph_name(values["space"], values["embedder"], dim)})
    rows = (await connection.execute(_statement(dim), values)).all()
    if rows and rows[0].scan != ITERATIVE_SCAN:  # pgvector only warns of a value it does not know, and drops it
        raise StorageCorrupt(f"pgvector follows graphs in the order {rows[0].scan!r}, not {ITERATIVE_SCAN!r}")
    return rows


@cache
def _statement(dim: int) -> TextClause:
    """Return the query: nearest ones and asked ones, each of both tables. Vectors are compared as graphs index them."""
    near = f"((vector::halfvec({dim})) <#> CAST(CAST(:query AS real[]) AS halfvec({dim})))"
    own = "FROM passages WHERE space_id = :space AND embedder_id = :embedder"
    coming = (
        "FROM (SELECT c.passage_id AS id, c.vector FROM coming_vectors c JOIN passages p ON p.id = c.passage_id"
        " WHERE p.space_id = :space AND c.embedder_id = :embedder) AS coming"
    )
    branches = (
        f"(SELECT true AS is_near, id, vector {own} ORDER BY {near} LIMIT :limit)",
        f"(SELECT true, id, vector {coming} ORDER BY {near} LIMIT :limit)",
        f"(SELECT false, id, vector {own} AND id = ANY(:others))",
        f"(SELECT false, id, vector {coming} WHERE id = ANY(:others))",
    )
    columns = "is_near, id, halfvec_send(vector) AS sent, current_setting('hnsw.iterative_scan') AS scan"
    sql = f"SELECT {columns} FROM ({' UNION ALL '.join(branches)}) AS found"  # nosec B608 (all of it is written here)
    return text(sql.replace("::halfvec", "\\:\\:halfvec")).bindparams(
        bindparam("space", type_=String),
        bindparam("embedder", type_=String),
        bindparam("query", type_=ARRAY(REAL)),
        bindparam("limit", type_=BigInteger),
        bindparam("others", type_=ARRAY(BigInteger)),
    )
