"""Passages: the searchable chunks of documents and their vectors, read by the search indexes and by re-embedding.

``Passages`` is the ``core.ports.PassageStore``. Passages are written within the transactions of
``core.storage.document_writes``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    Table,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    literal_column,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import Unavailable
from core.ports import VectorSearch
from core.storage.database import Database
from core.storage.embeddings.embedded_chunks import ChunkVectors, EmbeddedChunks
from core.storage.engines.dialect import sql_of
from core.storage.schema import (
    Embedding,
    coming_vectors,
    document_names,
    documents,
    passages,
    removed_passages,
    second_vectors,
    spaces,
)
from core.types import Matrix, Passage, Scope, SpaceChanges, SpaceId

_WRITTEN = tuple(column.name for column in passages.c if column.name != "id")

ANY_EMBEDDER = ""
"""In place of an embedder's id: passages whatever their embedder, for searching by words alone."""

_MAX_IDS = 500
"""How many ids go into one statement; SQLite limits the number of parameters."""


class Passages:
    """The searchable passages of every space."""

    def __init__(self, database: Database) -> None:
        self._database = database
        is_asked, is_chosen = database.sql.is_among(spaces.c.id, "spaces"), database.sql.is_among(passages.c.id, "ids")
        self._revisions = select(spaces.c.id, spaces.c.revision).where(is_asked)
        self._chosen = _passages(bindparam("space")).where(is_chosen).order_by(passages.c.id)

    async def revision(self, space: SpaceId) -> int:
        """Return the space's revision; 0 for one that never held a passage."""
        row = await self._database.row(_revision(space))
        return int(row.revision) if row is not None else 0

    def revisions(self, spaces: Sequence[SpaceId]) -> Mapping[SpaceId, int]:
        """Return the revisions of those of ``spaces`` that ever held a passage. Blocks."""
        rows = self._database.rows_blocking(self._revisions, {"spaces": list(spaces)})
        return {SpaceId(space): int(revision) for space, revision in rows if revision}

    async def changes(self, space: SpaceId, after: int, embedder_id: str) -> SpaceChanges:
        """Return what changed after revision ``after`` (0: everything searchable) among passages of that embedder."""
        return await self._database.snapshot(partial(_changes, space, after, embedder_id))

    async def count(self, space: SpaceId, embedder_id: str) -> int:
        """Return how many passages of that embedder are searchable. Time is linear in their number."""
        return await self._database.snapshot(partial(_count, space, embedder_id))

    async def embedded(self, space: SpaceId, ids: Sequence[int], embedder_id: str) -> tuple[Sequence[Passage], Matrix]:
        """Return these passages and their vectors, row by row, ascending by id; ones gone meanwhile are left out.

        With ``ANY_EMBEDDER``: all of them, with zero vectors of dimension 1.
        """
        if embedder_id == ANY_EMBEDDER:
            everything = await self.passages(space, ids)
            return everything, np.zeros((len(everything), 1), np.float32)
        found: list[Passage] = []
        vectors = [np.empty((0, 0), np.float32)]
        coming = coming_vectors.c
        theirs = (coming.passage_id == passages.c.id) & (coming.embedder_id == embedder_id)
        vector = case((passages.c.embedder_id == embedder_id, passages.c.vector), else_=coming.vector).label("vector")
        for some in _batches(sorted(set(ids))):
            chosen = select_passages(space, some).add_columns(vector).outerjoin(coming_vectors, theirs)
            if rows := await self._database.rows(chosen.where(vector.is_not(None)).order_by(passages.c.id)):
                found.extend(read_passage(space, row) for row in rows)
                vectors.append(np.stack([row.vector for row in rows]))
        return found, np.concatenate(vectors[1:]) if found else vectors[0]

    async def passages(self, space: SpaceId, ids: Sequence[int]) -> Sequence[Passage]:
        """Return these passages, ascending by id; ones gone meanwhile, and other spaces' ones, are left out."""
        return await self._database.run_in_thread(partial(self.read, space, ids))

    def read(self, space: SpaceId, ids: Sequence[int]) -> Sequence[Passage]:
        """Return the same as ``passages``. Blocks; call it outside the event loop."""
        rows = self._database.rows_blocking(self._chosen, {"space": space, "ids": list(ids)})
        return [read_passage(space, row) for row in rows]

    async def hidden(self, scope: Scope, ids: Collection[int]) -> frozenset[int]:
        """Return which of these passages there are and may not be read in ``scope``; ones that are gone are none."""
        others = passages.c.id.in_(ids) & passages.c.space_id.not_in(scope.readable)
        return frozenset(row.id for row in await self._database.rows(select(passages.c.id).where(others)))

    async def addresses(self, documents: Collection[int]) -> Mapping[int, str]:
        """Return the web address of each of these documents that has one, by the document's id."""
        named = document_names.c.document_id.in_(documents) & document_names.c.name.startswith("http")
        first = select(document_names.c.document_id, func.min(document_names.c.name).label("name")).where(named)
        return {row.document_id: row.name for row in await self._database.rows(first.group_by("document_id"))}

    @property
    def vector_search(self) -> VectorSearch | None:
        """Return the database's own search among vectors, where it has one."""
        return self._database.vector_search

    async def neighbours(self, chosen: Sequence[Passage]) -> Sequence[Passage]:
        """Return the passages directly before and after each of these in its document."""
        found: list[Passage] = []
        for space in dict.fromkeys(passage.space for passage in chosen):
            ids = [passage.id for passage in chosen if passage.space == space]
            found += [read_passage(space, row) for row in await self._database.rows(_neighbours(space, ids))]
        return found

    async def embedders(self, space: SpaceId) -> frozenset[str]:
        """Return the ids of the embedders of the space's passages, without those of ``coming_vectors``."""
        statement = select(passages.c.embedder_id).distinct().where(passages.c.space_id == space)
        return frozenset(row.embedder_id for row in await self._database.rows(statement))

    async def require_embedder(self, space: SpaceId, embedder_id: str) -> None:
        """Raise ``Unavailable`` when a passage of the space has a vector of another embedder."""
        if others := await self.embedders(space) - {embedder_id}:
            raise Unavailable("storage.other_embedder", stored=", ".join(sorted(others)), current=embedder_id)


async def add_passages(
    connection: AsyncConnection, space: SpaceId, revision: int, new: Mapping[int, EmbeddedChunks]
) -> None:
    """Insert the passages of documents, given by document id, within a transaction."""
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
    await sql_of(connection).insert_rows(connection, passages, _WRITTEN, rows)
    for document_id, embedded in new.items():
        for table, further in ((coming_vectors, embedded.successor), (second_vectors, embedded.second)):
            if further and embedded.chunks:
                await _add_vectors(connection, table, document_id, further)


async def _add_vectors(connection: AsyncConnection, table: Table, document_id: int, further: ChunkVectors) -> None:
    ordered = select(passages.c.id).where(passages.c.document_id == document_id).order_by(passages.c.ordinal)
    ids = (await connection.execute(ordered)).scalars().all()
    rows = [
        {"passage_id": id_, "embedder_id": further.embedder_id, "vector": vector}
        for id_, vector in zip(ids, further.vectors, strict=True)
    ]
    await connection.execute(insert(table), rows)


def _changes(space: SpaceId, after: int, embedder_id: str, connection: Connection) -> SpaceChanges:
    gone = removed_passages.c
    removed = select(gone.passage_id).distinct().where(gone.space_id == space, gone.revision > after)
    ours = (passages.c.space_id == space) & _embedded_by(connection, embedder_id)
    added = select(passages.c.id).where(ours, passages.c.revision > after).order_by(passages.c.id)
    return SpaceChanges(
        revision=int(connection.execute(_revision(space)).scalar() or 0),
        added=tuple(connection.execute(added).scalars()),
        removed=tuple(connection.execute(removed).scalars()) if after else (),
    )


def _count(space: SpaceId, embedder_id: str, connection: Connection) -> int:
    ours = (passages.c.space_id == space) & (passages.c.revision > 0) & _embedded_by(connection, embedder_id)
    return connection.execute(select(func.count()).select_from(passages).where(ours)).scalar_one()


def _embedded_by(connection: Connection, embedder_id: str) -> ColumnElement[bool]:
    """Return the condition that a passage has a vector of that embedder; the indexed one where none is coming."""
    if embedder_id == ANY_EMBEDDER:
        return true()
    coming, own = coming_vectors.c, passages.c.embedder_id == embedder_id
    some = select(coming.passage_id).where(coming.embedder_id == embedder_id).limit(1)
    if connection.execute(some).first() is None:
        return own
    return own | exists().where(coming.passage_id == passages.c.id, coming.embedder_id == embedder_id)


async def remove_passages(connection: AsyncConnection, space: SpaceId, document_id: int, revision: int) -> None:
    """Delete a document's passages within a transaction, and list them in ``removed_passages`` for the indexes."""
    gone = select(literal(space), literal(revision), passages.c.id).where(passages.c.document_id == document_id)
    await connection.execute(insert(removed_passages).from_select(["space_id", "revision", "passage_id"], gone))
    await connection.execute(delete(passages).where(passages.c.document_id == document_id))


def _revision(space: SpaceId) -> Select[Any]:
    return select(spaces.c.revision).where(spaces.c.id == space)


def select_passages(space: SpaceId, ids: Sequence[int]) -> Select[Any]:
    """Return the statement that selects these passages without their vectors; ``read_passage`` reads its rows."""
    return _passages(space).where(passages.c.id.in_(ids))


def documents_of(ids: Collection[int]) -> Select[Any]:
    """Return the statement that selects the documents of these passages, each once, of those that are there still."""
    return select(passages.c.document_id).where(passages.c.id.in_(ids)).distinct()


def _passages(space: SpaceId | BindParameter[str]) -> Select[Any]:
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
        # On the bare column SQLite would scan the index of the whole space instead of looking up each id.
        .where(func.coalesce(passages.c.space_id, literal_column("''")) == space)
    )


def _neighbours(space: SpaceId, ids: Sequence[int]) -> Select[Any]:
    chosen = passages.alias("chosen")
    is_next = passages.c.ordinal.in_([chosen.c.ordinal - 1, chosen.c.ordinal + 1])
    is_beside = (passages.c.document_id == chosen.c.document_id) & is_next
    return _passages(space).join(chosen, is_beside).where(chosen.c.id.in_(ids)).distinct()


def read_passage(space: SpaceId, row: Sequence[Any]) -> Passage:
    """Return the passage of a row of ``select_passages``."""
    id_, document_id, heading, text, start, end, language, title = tuple(row)[:8]
    return Passage(id_, document_id, space, title, heading, text, start, end, language)


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for first in range(0, len(ids), _MAX_IDS):
        yield ids[first : first + _MAX_IDS]
