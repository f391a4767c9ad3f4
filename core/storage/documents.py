"""Documents: the texts of each space with their names. A text is stored once per space, under any number of names.

Every method but ``sizes`` reads and writes one space. A document, its names, its passages and their vectors are
written in one transaction, so a killed process leaves whole documents. ``core.storage.passages`` reads the passages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import BadInput
from core.storage.database import Database
from core.storage.document_move import move_document
from core.storage.document_writes import (
    NewDocument,
    find_document,
    link_document,
    remove_document,
    remove_name,
    rewrite_document,
    store_documents,
)
from core.storage.embeddings.embedded_chunks import EmbeddedChunks
from core.storage.schema import document_names, documents, passages
from core.storage.spaces import in_community, next_revision
from core.types import Document, IndexedDocument, SpaceId, community_of

__all__ = ["Documents", "EmbeddedChunks", "NewDocument", "StoredSource"]


DocumentChange = Literal["learned", "forgotten"]


@dataclass(frozen=True, slots=True)
class StoredSource:
    """The source stored under a name: the hash of its bytes, and how many passages its document has."""

    source_hash: str
    n_passages: int


class Documents:
    """The documents of every space."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._followers: list[Callable[[SpaceId, str, DocumentChange], None]] = []

    @property
    def database(self) -> Database:
        """Return the database that they are in."""
        return self._database

    def follow(self, follower: Callable[[SpaceId, str, DocumentChange], None]) -> None:
        """Call ``follower`` with the space and name of every document stored or deleted through these ones."""
        self._followers.append(follower)

    async def list(self, space: SpaceId) -> tuple[Document, ...]:
        """Return the space's documents, by title."""
        async with self._database.read() as connection:
            return await _documents(connection, space)

    async def size(self, space: SpaceId) -> tuple[int, int]:
        """Return how many documents the space holds, and how many characters of text together."""
        return (await self._sizes(documents.c.space_id == space)).get(space, (0, 0))

    async def community_size(self, space: SpaceId) -> tuple[int, int]:
        """Return what ``size`` does of the community of a space, all its audiences together."""
        held = (await self._sizes(in_community(documents.c.space_id, space))).values()
        return sum(n for n, _ in held), sum(n_chars for _, n_chars in held)

    async def counts_elsewhere(self, space: SpaceId) -> Mapping[SpaceId, int]:
        """Return how many documents each other audience of a space's community holds, for the operator."""
        others = in_community(documents.c.space_id, space) & (documents.c.space_id != space)
        return {each: n for each, (n, _) in sorted((await self._sizes(others)).items())}

    async def count_from(self, space: SpaceId, source_hash: str) -> int:
        """Return how many of the space's documents came from sources of this hash."""
        ours = (document_names.c.space_id == space) & (document_names.c.source_hash == source_hash)
        row = await self._database.row(
            select(func.count(document_names.c.document_id.distinct()).label("n")).where(ours)
        )
        return int(row.n) if row is not None else 0

    async def size_of(self, space: SpaceId, names: Sequence[str]) -> tuple[int, int]:
        """Return what ``size`` does of the documents that have one of these names and no other."""
        other = document_names.alias()
        is_other = (other.c.document_id == documents.c.id) & other.c.name.not_in(names)
        named = select(document_names.c.document_id).where(
            document_names.c.space_id == space, document_names.c.name.in_(names)
        )
        alone = documents.c.id.in_(named) & ~select(other.c.name).where(is_other).exists()
        return (await self._sizes((documents.c.space_id == space) & alone)).get(space, (0, 0))

    async def sizes(self) -> Mapping[SpaceId, tuple[int, int]]:
        """Return what ``community_size`` does, of every community that holds documents, for the operator."""
        sizes: dict[SpaceId, tuple[int, int]] = {}
        for space, (n, n_chars) in (await self._sizes(true())).items():
            n_before, n_chars_before = sizes.get(community_of(space), (0, 0))
            sizes[community_of(space)] = n_before + n, n_chars_before + n_chars
        return sizes

    async def _sizes(self, which: ColumnElement[bool]) -> Mapping[SpaceId, tuple[int, int]]:
        columns = documents.c.space_id, func.count().label("n"), func.sum(documents.c.n_chars).label("n_chars")
        rows = await self._database.rows(select(*columns).where(which).group_by(documents.c.space_id))
        return {SpaceId(row.space_id): (int(row.n), int(row.n_chars)) for row in rows}

    async def text(self, space: SpaceId, document_id: int) -> str | None:
        """Return a document's extracted text, which its passages' offsets refer to; ``None`` when there is none."""
        owned = (documents.c.space_id == space) & (documents.c.id == document_id)
        row = await self._database.row(select(documents.c.text).where(owned))
        return str(row.text) if row is not None else None

    async def stored(self, space: SpaceId, document_id: int) -> NewDocument | None:
        """Return a document as it was stored, under one of its names; ``None`` when the space has none of that id."""
        return await self._stored(documents.c.space_id == space, documents.c.id == document_id)

    async def named(self, space: SpaceId, name: str) -> NewDocument | None:
        """Return the document of a name as it was stored, if there is one."""
        return await self._stored(document_names.c.space_id == space, document_names.c.name == name)

    async def _stored(self, *which: ColumnElement[bool]) -> NewDocument | None:
        columns, names = documents.c, document_names.c
        shown = (names.name, names.source_hash, columns.title, columns.kind, columns.language, columns.text)
        statement = select(*shown).join(document_names, names.document_id == columns.id).where(*which)
        row = await self._database.row(statement.order_by(names.name).limit(1))
        return NewDocument(*tuple(row)) if row is not None else None

    async def texts(self, space: SpaceId) -> Mapping[str, tuple[str, str]]:
        """Return the title and text of every document in the space, by content hash."""
        columns = documents.c.content_hash, documents.c.title, documents.c.text
        rows = await self._database.rows(select(*columns).where(documents.c.space_id == space))
        return {row.content_hash: (row.title, row.text) for row in rows}

    async def sources(self, space: SpaceId) -> Mapping[str, StoredSource]:
        """Return the source stored under every name of the space."""
        names = document_names.c
        statement = (
            select(names.name, names.source_hash, func.count(passages.c.id).label("n_passages"))
            .outerjoin(passages, passages.c.document_id == names.document_id)
            .where(names.space_id == space)
            .group_by(names.name, names.source_hash)
        )
        return {row.name: StoredSource(row.source_hash, row.n_passages) for row in await self._database.rows(statement)}

    async def content_hashes(self, space: SpaceId) -> frozenset[str]:
        """Return the content hash of every document in the space."""
        rows = await self._database.rows(select(documents.c.content_hash).where(documents.c.space_id == space))
        return frozenset(row.content_hash for row in rows)

    async def find(self, space: SpaceId, new: NewDocument) -> IndexedDocument | None:
        """Return the outcome ``unchanged`` or ``duplicate`` for a text that the space has already, else ``None``."""
        async with self._database.read() as connection:
            return await find_document(connection, space, new)

    async def link(self, space: SpaceId, new: NewDocument) -> IndexedDocument | None:
        """Point ``new.name`` at the document with this text, if the space has one; else return ``None``."""
        async with self._database.write() as connection:
            return await link_document(connection, space, new)

    async def store(self, space: SpaceId, new: NewDocument, embedded: EmbeddedChunks) -> IndexedDocument:
        """Store a text under its name, replacing what the name referred to; return the outcome. Atomic."""
        (indexed,) = await self.store_all(space, [(new, embedded)])
        return indexed

    async def store_all(
        self, space: SpaceId, texts: Sequence[tuple[NewDocument, EmbeddedChunks]]
    ) -> tuple[IndexedDocument, ...]:
        """Store texts as ``store`` does, all in one transaction; return their outcomes in order."""
        async with self._database.write() as connection:
            outcomes = await store_documents(connection, space, texts)
        for indexed in outcomes:
            if indexed.outcome in ("added", "replaced"):
                self._tell(space, indexed.name, "learned")
        return outcomes

    async def rewrite(self, space: SpaceId, document_id: int, title: str, embedded: EmbeddedChunks) -> bool:
        """Give a document a title, and passages that were embedded under it; ``False``: the space has none. Atomic."""
        async with self._database.write() as connection:
            return await rewrite_document(connection, space, document_id, title, embedded)

    async def move(self, space: SpaceId, document_id: int, new: SpaceId) -> bool:
        """Move a document to another audience of its community; ``False``: the space has none of that id. Atomic.

        Raises ``BadInput`` as ``core.storage.document_move`` does.
        """
        async with self._database.write() as connection:
            return await move_document(connection, space, document_id, new)

    async def remove_name(self, space: SpaceId, name: str) -> bool:
        """Take a name off its document, and delete one that has no other; return whether there was one."""
        async with self._database.write() as connection:
            return await remove_name(connection, space, name)

    async def forget(self, space: SpaceId, reference: str) -> Document:
        """Delete the document of that name, ``#id`` or title, with all its names and passages, and return it.

        Raises ``BadInput`` when there is none, and when several match.
        """
        async with self._database.write() as connection:
            document = _resolve(await _documents(connection, space), reference.strip())
            await remove_document(connection, space, document.id, await next_revision(connection, space))
        self._tell(space, document.title, "forgotten")
        return document

    def _tell(self, space: SpaceId, name: str, change: DocumentChange) -> None:
        for follower in self._followers:
            follower(space, name, change)


def _resolve(known: Sequence[Document], reference: str) -> Document:
    for matches in (
        [document for document in known if reference in document.names],
        [document for document in known if reference == f"#{document.id}"],
        [document for document in known if reference.casefold() == document.title.casefold()],
        [document for document in known if any(name.endswith(f"/{reference}") for name in document.names)],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            numbers = ", ".join(f"#{document.id}" for document in matches)
            raise BadInput("knowledge.several_documents", reference=reference, numbers=numbers)
    raise BadInput("knowledge.no_document", reference=reference)


async def _documents(connection: AsyncConnection, space: SpaceId) -> tuple[Document, ...]:
    n_passages = func.count(passages.c.id).label("n_passages")
    columns = documents.c
    statement = (
        select(columns.id, columns.title, columns.language, columns.n_chars, columns.updated_at, n_passages)
        .outerjoin(passages, passages.c.document_id == columns.id)
        .where(columns.space_id == space)
        .group_by(columns.id)
        .order_by(func.lower(columns.title), columns.id)
    )
    rows = (await connection.execute(statement)).all()
    names = await _names(connection, space)
    return tuple(
        Document(row.id, space, row.title, names[row.id], row.language, row.n_passages, row.n_chars, row.updated_at)
        for row in rows
    )


async def _names(connection: AsyncConnection, space: SpaceId) -> Mapping[int, tuple[str, ...]]:
    names = document_names.c
    statement = select(names.document_id, names.name).where(names.space_id == space).order_by(names.name)
    found: defaultdict[int, tuple[str, ...]] = defaultdict(tuple)
    for row in (await connection.execute(statement)).all():
        found[row.document_id] += (row.name,)
    return found
