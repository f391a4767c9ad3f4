"""Vectors of passages by a second embedder (``core.retrieval.second_embedder``): never searched, only looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, bindparam, delete, exists, func, literal_column, select

from core.storage.database import Database
from core.storage.embeddings.unembedded import count_unembedded, unembedded
from core.storage.engines.dialect import sql_of
from core.storage.schema import Embedding, passages, second_vectors
from core.types import Matrix, Passage, SpaceId, Vector


class SecondVectors:
    """The second vectors of all passages, by embedder."""

    def __init__(self, database: Database) -> None:
        self._database = database
        ours = second_vectors.c
        self._chosen = (
            select(ours.passage_id, ours.vector)
            .join(passages, passages.c.id == ours.passage_id)
            # On the bare column SQLite would scan the index of the whole space instead of looking up each id.
            .where(func.coalesce(passages.c.space_id, literal_column("''")) == bindparam("space"))
            .where(ours.embedder_id == bindparam("embedder"), database.sql.is_among(ours.passage_id, "ids"))
        )

    def read(self, space: SpaceId, ids: Sequence[int], embedder_id: str) -> Mapping[int, Vector]:
        """Return the vectors of those of these passages that are in ``space`` and have one, by id. Blocks."""
        given = {"space": space, "embedder": embedder_id, "ids": list(ids)}
        rows = self._database.rows_blocking(self._chosen, given)
        return {id_: Embedding.unpacked(vector) for id_, vector in rows}

    async def count_missing(self, embedder_id: str) -> Mapping[SpaceId, int]:
        """Return how many passages of each space have no vector of that embedder; spaces with none are left out."""
        return await count_unembedded(self._database, _is_missing(embedder_id))

    async def missing(self, space: SpaceId, embedder_id: str, after: int, limit: int) -> Sequence[Passage]:
        """Return up to ``limit`` passages without a vector of that embedder, of ids above ``after``, ascending."""
        return await unembedded(self._database, space, _is_missing(embedder_id), after, limit)

    async def add(self, ids: Sequence[int], vectors: Matrix, embedder_id: str) -> None:
        """Store vectors, shape ``(len(ids), dim)``; passages removed meanwhile are skipped. Atomic."""
        async with self._database.write() as connection:
            here = set((await connection.execute(select(passages.c.id).where(passages.c.id.in_(ids)))).scalars())
            rows = [
                {"passage_id": id_, "embedder_id": embedder_id, "vector": vector}
                for id_, vector in zip(ids, vectors, strict=True)
                if id_ in here
            ]
            if rows:
                new = sql_of(connection).insert(second_vectors)
                await connection.execute(new.on_conflict_do_nothing(), rows)

    async def discard_others(self, embedder_id: str) -> None:
        """Delete the vectors of every other embedder."""
        async with self._database.write() as connection:
            await connection.execute(delete(second_vectors).where(second_vectors.c.embedder_id != embedder_id))


def _is_missing(embedder_id: str) -> ColumnElement[bool]:
    ours = second_vectors.c
    return ~exists().where(ours.passage_id == passages.c.id, ours.embedder_id == embedder_id)
