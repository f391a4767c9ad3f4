"""Vectors of passages by embedder, for migrating to another one.

Vectors of the next embedder are collected in ``coming_vectors``, where searches find them like those of ``passages``;
once every passage has one, they are moved there (``adopt``). It works across spaces, for the operator's jobs; nothing
that answers a person may call it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, delete, exists, func, select, update

from core.storage.database import Database
from core.storage.embeddings.unembedded import count_unembedded, unembedded
from core.storage.engines.dialect import sql_of
from core.storage.schema import Embedding, coming_vectors, embedders, passages
from core.types import Matrix, Passage, SpaceId


class Vectors:
    """The vectors of all passages, by embedder."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def embedders(self) -> frozenset[str]:
        """Return the ids of the embedders of all passages, without those of ``coming_vectors``."""
        return frozenset(
            row.embedder_id for row in await self._database.rows(select(passages.c.embedder_id).distinct())
        )

    async def count_missing(self, embedder_id: str) -> Mapping[SpaceId, int]:
        """Return how many passages of each space have no vector of that embedder; spaces with none are left out."""
        return await count_unembedded(self._database, _is_missing(embedder_id))

    async def count(self) -> int:
        """Return how many passages there are."""
        row = await self._database.row(select(func.count()).select_from(passages))
        return int(row[0]) if row else 0

    async def spaces(self) -> Sequence[SpaceId]:
        """Return the spaces that hold passages."""
        return [row.space_id for row in await self._database.rows(select(passages.c.space_id).distinct())]

    async def missing(self, space: SpaceId, embedder_id: str, after: int, limit: int) -> Sequence[Passage]:
        """Return up to ``limit`` passages without a vector of that embedder, of ids above ``after``, ascending."""
        return await unembedded(self._database, space, _is_missing(embedder_id), after, limit)

    async def add(self, ids: Sequence[int], vectors: Matrix, embedder_id: str) -> None:
        """Store coming vectors, shape ``(len(ids), dim)``; passages removed meanwhile are skipped. Atomic."""
        async with self._database.write() as connection:
            here = set((await connection.execute(select(passages.c.id).where(passages.c.id.in_(ids)))).scalars())
            rows = [
                {"passage_id": id_, "embedder_id": embedder_id, "vector": packed}
                for id_, packed in zip(ids, Embedding.packed(vectors), strict=True)
                if id_ in here
            ]
            if rows:
                new = sql_of(connection).insert(coming_vectors)
                key = list(coming_vectors.primary_key)
                await connection.execute(
                    new.on_conflict_do_update(index_elements=key, set_={"vector": new.excluded.vector}), rows
                )

    async def adopt(self, embedder_id: str, limit: int) -> int:
        """Move up to ``limit`` vectors from ``coming_vectors`` to ``passages``; return how many."""
        coming = coming_vectors.c
        some = select(coming.passage_id).where(coming.embedder_id == embedder_id).limit(limit)
        async with self._database.write() as connection:
            ids = (await connection.execute(some)).scalars().all()
            theirs = (coming.passage_id == passages.c.id) & (coming.embedder_id == embedder_id)
            vector = select(coming.vector).where(theirs).scalar_subquery()
            values = {"vector": vector, "embedder_id": embedder_id}
            await connection.execute(update(passages).where(passages.c.id.in_(ids)).values(values))
            await connection.execute(delete(coming_vectors).where(coming.passage_id.in_(ids)))
        return len(ids)

    async def discard_others(self, kept: Collection[str]) -> None:
        """Delete the coming vectors of all embedders except those ``kept``."""
        async with self._database.write() as connection:
            await connection.execute(delete(coming_vectors).where(coming_vectors.c.embedder_id.not_in(kept)))

    async def save_name(self, embedder_id: str, name: str) -> None:
        """Store the setting that an embedder was opened by, so that it can be opened after the setting changes."""
        if await self.name(embedder_id) != name:
            async with self._database.write() as connection:
                new = sql_of(connection).insert(embedders).values(id=embedder_id, name=name)
                await connection.execute(
                    new.on_conflict_do_update(index_elements=[embedders.c.id], set_={"name": name})
                )

    async def name(self, embedder_id: str) -> str | None:
        """Return the setting that an embedder was opened by, if it is known."""
        row = await self._database.row(select(embedders.c.name).where(embedders.c.id == embedder_id))
        return str(row.name) if row is not None else None


def _is_missing(embedder_id: str) -> ColumnElement[bool]:
    coming = coming_vectors.c
    has_coming = exists().where(coming.passage_id == passages.c.id, coming.embedder_id == embedder_id)
    return (passages.c.embedder_id != embedder_id) & ~has_coming
