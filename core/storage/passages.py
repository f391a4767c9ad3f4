"""Passages: the searchable pieces of documents and their vectors, as the derived indexes and re-embedding read them.

``Passages`` is the ``core.ports.PassageStore``. Writing happens inside the transactions of ``core.storage.documents``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Row, Select, delete, func, insert, literal, select, update
from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import Unavailable
from core.storage.database import Database
from core.storage.schema import Embedding, documents, passages, removed_passages, spaces
from core.storage.spaces import next_revision
from core.types import Changes, Chunk, Language, Matrix, Passage, SpaceId

_INSERT = str(insert(passages).compile(dialect=dialect(), column_keys=[c.name for c in passages.c if c.name != "id"]))

_MAX_IDS = 500
"""How many ids go into one statement."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """The chunks of a text with the language of each, and their vectors, shape ``(len(chunks), dim)``."""

    chunks: Sequence[Chunk]
    languages: Sequence[Language]
    vectors: Matrix
    embedder_id: str


class Passages:
    """The searchable passages of each space."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def revision(self, space: SpaceId) -> int:
        """Return the space's revision; 0 for one that never held a passage."""
        row = await self._database.row(_revision(space))
        return int(row.revision) if row is not None else 0

    async def changes(self, space: SpaceId, after: int, embedder_id: str) -> Changes:
        """Return what changed after revision ``after`` (0: everything searchable) among passages of that embedder."""
        ours = (passages.c.space_id == space) & (passages.c.embedder_id == embedder_id)
        added = select(passages.c.id).where(ours, passages.c.revision > after).order_by(passages.c.id)
        gone = removed_passages.c
        removed = select(gone.passage_id).distinct().where(gone.space_id == space, gone.revision > after)
        count = select(func.count()).select_from(passages).where(ours)
        async with self._database.read() as connection:
            revision = (await connection.execute(_revision(space))).scalar() or 0
            return Changes(
                revision=int(revision),
                added=tuple((await connection.execute(added)).scalars()),
                removed=tuple((await connection.execute(removed)).scalars()) if after else (),
                n_passages=(await connection.execute(count)).scalar_one(),
            )

    async def embedded(self, space: SpaceId, ids: Sequence[int], embedder_id: str) -> tuple[Sequence[Passage], Matrix]:
        """Return these passages and their vectors, row by row, ascending by id; ones gone meanwhile are left out."""
        found: list[Passage] = []
        vectors = [np.empty((0, 0), np.float32)]
        for some in _batches(sorted(set(ids))):
            chosen = _passages(space, some).add_columns(passages.c.vector).order_by(passages.c.id)
            if rows := await self._database.rows(chosen.where(passages.c.embedder_id == embedder_id)):
                found.extend(_passage(space, row) for row in rows)
                vectors.append(np.stack([row.vector for row in rows]))
        return found, np.concatenate(vectors[1:]) if found else vectors[0]

    async def passages(self, space: SpaceId, ids: Sequence[int]) -> Sequence[Passage]:
        """Return these passages, ascending by id; ones gone meanwhile, and other spaces' ones, are left out."""
        return [
            _passage(space, row)
            for some in _batches(sorted(set(ids)))
            for row in await self._database.rows(_passages(space, some).order_by(passages.c.id))
        ]

    async def embedders(self, space: SpaceId) -> frozenset[str]:
        """Return the embedders that passages of the space have vectors of."""
        return await self.foreign_embedders(space, "")

    async def foreign_embedders(self, space: SpaceId, embedder_id: str) -> frozenset[str]:
        """Return the other embedders that passages of the space still have vectors of."""
        columns = passages.c
        statement = (
            select(columns.embedder_id).distinct().where(columns.space_id == space, columns.embedder_id != embedder_id)
        )
        return frozenset(row.embedder_id for row in await self._database.rows(statement))

    async def require_embedder(self, space: SpaceId, embedder_id: str) -> None:
        """Raise ``Unavailable`` when passages of the space have another embedder's vectors: they cannot be compared."""
        if others := await self.foreign_embedders(space, embedder_id):
            raise Unavailable("storage.other_embedder", stored=", ".join(sorted(others)), current=embedder_id)

    async def foreign(self, space: SpaceId, embedder_id: str, limit: int) -> Sequence[Passage]:
        """Return up to ``limit`` passages that have another embedder's vector."""
        columns = passages.c
        mine = (columns.space_id == space) & (columns.embedder_id != embedder_id)
        ids = select(columns.id).where(mine).limit(limit)
        return await self.passages(space, [row.id for row in await self._database.rows(ids)])

    async def count_foreign(self, embedder_id: str) -> Mapping[SpaceId, int]:
        """Return how many passages of each space have another embedder's vector; spaces without any are left out.

        For the operator's own jobs; nothing that answers a person may call it.
        """
        columns = passages.c
        statement = (
            select(columns.space_id, func.count().label("n"))
            .where(columns.embedder_id != embedder_id)
            .group_by("space_id")
        )
        return {row.space_id: row.n for row in await self._database.rows(statement)}

    async def replace_vectors(self, space: SpaceId, ids: Sequence[int], vectors: Matrix, embedder_id: str) -> None:
        """Give passages the vectors of another embedder, shape ``(len(ids), dim)``. Atomic.

        Passages removed meanwhile are left alone.
        """
        async with self._database.write() as connection:
            revision = await next_revision(connection, space)
            gone = select(literal(space), literal(revision), passages.c.id)
            for id_, vector in zip(ids, vectors, strict=True):
                mine = (passages.c.space_id == space) & (passages.c.id == id_)
                await connection.execute(
                    insert(removed_passages).from_select(["space_id", "revision", "passage_id"], gone.where(mine))
                )
                values = {"vector": vector, "embedder_id": embedder_id, "revision": revision}
                await connection.execute(update(passages).where(mine).values(values))


async def add_passages(connection: AsyncConnection, space: SpaceId, revision: int, new: Mapping[int, Embedded]) -> None:
    """Store the passages of documents, by their ids, within a transaction."""
    rows = [
        (
            document_id,
            space,
            ordinal,
            chunk.start,
            chunk.end,
            chunk.heading,
            chunk.text,
            language,
            revision,
            embedded.embedder_id,
            vector,
        )
        for document_id, embedded in new.items()
        for ordinal, (chunk, language, vector) in enumerate(
            zip(embedded.chunks, embedded.languages, Embedding.packed(embedded.vectors), strict=True)
        )
    ]
    if rows:
        # Past SQLAlchemy, which takes three times as long to bind a row as SQLite does to write it.
        await connection.exec_driver_sql(_INSERT, rows)


async def remove_passages(connection: AsyncConnection, space: SpaceId, document_id: int, revision: int) -> None:
    """Remove a document's passages within a transaction, and tell the derived indexes."""
    gone = select(literal(space), literal(revision), passages.c.id).where(passages.c.document_id == document_id)
    await connection.execute(insert(removed_passages).from_select(["space_id", "revision", "passage_id"], gone))
    await connection.execute(delete(passages).where(passages.c.document_id == document_id))


def _revision(space: SpaceId) -> Select[Any]:
    return select(spaces.c.revision).where(spaces.c.id == space)


def _passages(space: SpaceId, ids: Sequence[int]) -> Select[Any]:
    columns = passages.c
    return (
        select(
            columns.id,
            columns.document_id,
            columns.heading,
            columns.text,
            columns.start,
            columns.end,
            columns.language,
            documents.c.title,
        )
        .join(documents, documents.c.id == columns.document_id)
        # Asked of the document: asked of the passage, SQLite walks through the whole space instead of to the ids.
        .where(documents.c.space_id == space, columns.id.in_(ids))
    )


def _passage(space: SpaceId, row: Row[Any]) -> Passage:
    return Passage(
        id=row.id,
        document_id=row.document_id,
        space=space,
        document=row.title,
        heading=row.heading,
        text=row.text,
        start=row.start,
        end=row.end,
        language=row.language,
    )


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for first in range(0, len(ids), _MAX_IDS):
        yield ids[first : first + _MAX_IDS]
