"""Which embedders the stored passages have vectors of, and how another one takes over.

A passage keeps its vector until every passage of every space has one of the new embedder too: these wait in
``coming_vectors``, which counts as much as the passage's own. For the operator's own jobs: it works across spaces, and
nothing that answers a person may call it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, bindparam, delete, exists, func, insert, literal, select, update

from core.storage.database import Database
from core.storage.passages import found_passages, read_passage
from core.storage.schema import Embedding, coming_vectors, embedders, passages
from core.types import Matrix, Passage, SpaceId


class Vectors:
    """The vectors of all passages, by embedder."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def embedders(self) -> frozenset[str]:
        """Return the embedders whose vectors are passages' own."""
        return frozenset(
            row.embedder_id for row in await self._database.rows(select(passages.c.embedder_id).distinct())
        )

    async def count_lacking(self, embedder_id: str) -> Mapping[SpaceId, int]:
        """Return how many passages of each space have no vector of that embedder; spaces without any are left out."""
        statement = select(passages.c.space_id, func.count().label("n")).where(_lacks(embedder_id))
        return {row.space_id: row.n for row in await self._database.rows(statement.group_by("space_id"))}

    async def count(self) -> int:
        """Return how many passages there are."""
        row = await self._database.row(select(func.count()).select_from(passages))
        return int(row[0]) if row else 0

    async def spaces(self) -> Sequence[SpaceId]:
        """Return the spaces that hold passages."""
        return [row.space_id for row in await self._database.rows(select(passages.c.space_id).distinct())]

    async def lacking(self, space: SpaceId, embedder_id: str, after: int, limit: int) -> Sequence[Passage]:
        """Return up to ``limit`` passages without a vector of that embedder, of ids above ``after``, ascending."""
        ids = select(passages.c.id).where(passages.c.space_id == space, passages.c.id > after, _lacks(embedder_id))
        wanted = [row.id for row in await self._database.rows(ids.order_by(passages.c.id).limit(limit))]
        rows = await self._database.rows(found_passages(space, wanted).order_by(passages.c.id))
        return [read_passage(space, row) for row in rows]

    async def keep(self, ids: Sequence[int], vectors: Matrix, embedder_id: str) -> None:
        """Keep the coming vectors of passages, shape ``(len(ids), dim)``, but of those removed meanwhile. Atomic."""
        columns = ["passage_id", "embedder_id", "vector"]
        async with self._database.write() as connection:
            for id_, packed in zip(ids, Embedding.packed(vectors), strict=True):
                row = select(passages.c.id, literal(embedder_id), bindparam("packed", packed)).where(
                    passages.c.id == id_
                )
                await connection.execute(insert(coming_vectors).prefix_with("OR REPLACE").from_select(columns, row))

    async def settle(self, embedder_id: str, limit: int) -> int:
        """Make up to ``limit`` coming vectors the passages' own, and return how many. Nobody searching notices."""
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

    async def discard(self, kept: Collection[str]) -> None:
        """Remove the coming vectors of all embedders but those ``kept``."""
        async with self._database.write() as connection:
            await connection.execute(delete(coming_vectors).where(coming_vectors.c.embedder_id.not_in(kept)))

    async def note_name(self, embedder_id: str, name: str) -> None:
        """Remember what an embedder was set as, so that it can be opened again when the setting names another."""
        if await self.name(embedder_id) != name:
            async with self._database.write() as connection:
                values = {"id": embedder_id, "name": name}
                await connection.execute(insert(embedders).prefix_with("OR REPLACE").values(values))

    async def name(self, embedder_id: str) -> str | None:
        """Return what an embedder was set as, if that is known."""
        row = await self._database.row(select(embedders.c.name).where(embedders.c.id == embedder_id))
        return str(row.name) if row is not None else None


def _lacks(embedder_id: str) -> ColumnElement[bool]:
    coming = coming_vectors.c
    has_coming = exists().where(coming.passage_id == passages.c.id, coming.embedder_id == embedder_id)
    return (passages.c.embedder_id != embedder_id) & ~has_coming
