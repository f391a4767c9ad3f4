"""Documents: what a space was taught, with the names it came under. One text is stored once per space.

Every method works in the one space it is given. A document, its names, its passages and their vectors change in one
transaction, so a killed process leaves whole documents. Reading passages is ``core.storage.passages``.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import BadInput
from core.storage.database import Database
from core.storage.passages import Embedded, add_passages, remove_passages
from core.storage.schema import document_names, documents, passages
from core.storage.spaces import next_revision
from core.types import Document, Indexed, Language, SpaceId


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A text to be stored under ``name``. ``source_hash`` is of the bytes it was extracted from."""

    name: str
    source_hash: str
    title: str
    kind: str
    language: Language
    text: str

    @property
    def content_hash(self) -> str:
        """Return what makes two documents the same one: a hash of the text (BLAKE2b, 32 hex digits)."""
        return hashlib.blake2b(self.text.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Held:
    """What a name in a space holds: the hash of the bytes it came as, and how many passages that made."""

    source_hash: str
    n_passages: int


class Documents:
    """The documents of each space."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, space: SpaceId) -> tuple[Document, ...]:
        """Return the space's documents, by title."""
        async with self._database.read() as connection:
            return await _documents(connection, space)

    async def text(self, space: SpaceId, document_id: int) -> str | None:
        """Return a document's whole extracted text, which its passages' offsets count in."""
        owned = (documents.c.space_id == space) & (documents.c.id == document_id)
        row = await self._database.row(select(documents.c.text).where(owned))
        return str(row.text) if row is not None else None

    async def held(self, space: SpaceId) -> Mapping[str, Held]:
        """Return what every name in the space holds."""
        names = document_names.c
        statement = (
            select(names.name, names.source_hash, func.count(passages.c.id).label("n_passages"))
            .outerjoin(passages, passages.c.document_id == names.document_id)
            .where(names.space_id == space)
            .group_by(names.name, names.source_hash)
        )
        return {row.name: Held(row.source_hash, row.n_passages) for row in await self._database.rows(statement)}

    async def contents(self, space: SpaceId) -> frozenset[str]:
        """Return the content hash of every document in the space."""
        rows = await self._database.rows(select(documents.c.content_hash).where(documents.c.space_id == space))
        return frozenset(row.content_hash for row in rows)

    async def link(self, space: SpaceId, new: NewDocument) -> Indexed | None:
        """Let ``new.name`` mean the text if the space already holds it, else do nothing and return ``None``."""
        async with self._database.write() as connection:
            return await _link(connection, space, new)

    async def store(self, space: SpaceId, new: NewDocument, embedded: Embedded) -> Indexed:
        """Store a text under its name, in place of what that name meant before. Atomic."""
        async with self._database.write() as connection:
            if linked := await _link(connection, space, new):
                return linked
            old = await _named(connection, space, new.name)
            revision = await next_revision(connection, space)
            document_id = await _write_document(connection, space, new, old, revision)
            await _name(connection, space, new, document_id, old)
            if old is not None and old.id != document_id:
                await _remove_if_nameless(connection, space, old.id, revision)
            await add_passages(connection, space, document_id, revision, embedded)
            return Indexed(new.name, "replaced" if old else "added", len(embedded.chunks))

    async def forget(self, space: SpaceId, reference: str) -> Document:
        """Remove the document of that name, ``#number`` or title, with all its names and passages, and return it.

        Raises ``BadInput`` when there is none, and when several bear that title.
        """
        async with self._database.write() as connection:
            document = _referred(await _documents(connection, space), reference.strip())
            await _remove(connection, space, document.id, await next_revision(connection, space))
            return document


def _referred(held: Sequence[Document], reference: str) -> Document:
    for matches in (
        [document for document in held if reference in document.names],
        [document for document in held if reference == f"#{document.id}"],
        [document for document in held if reference.casefold() == document.title.casefold()],
        [document for document in held if any(name.endswith(f"/{reference}") for name in document.names)],
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


async def _link(connection: AsyncConnection, space: SpaceId, new: NewDocument) -> Indexed | None:
    same = (await connection.execute(_by_content(space, new.content_hash))).first()
    if same is None:
        return None
    old = await _named(connection, space, new.name)
    await _name(connection, space, new, same.id, old)
    if old is not None and old.id == same.id:
        return Indexed(new.name, "unchanged", same.n_passages)
    if old is not None:
        await _remove_if_nameless(connection, space, old.id, await next_revision(connection, space))
    return Indexed(new.name, "duplicate", same.n_passages, duplicate_of=same.name)


def _by_content(space: SpaceId, content_hash: str) -> Select[Any]:
    n_passages = select(func.count()).where(passages.c.document_id == documents.c.id).scalar_subquery()
    name = select(func.min(document_names.c.name)).where(document_names.c.document_id == documents.c.id)
    return select(documents.c.id, n_passages.label("n_passages"), name.scalar_subquery().label("name")).where(
        documents.c.space_id == space, documents.c.content_hash == content_hash
    )


async def _named(connection: AsyncConnection, space: SpaceId, name: str) -> Row[int, int] | None:
    """Return the id and the number of names of the document that ``name`` means."""
    this, every = document_names.alias(), document_names.alias()
    n_names = select(func.count()).where(every.c.document_id == this.c.document_id).scalar_subquery()
    statement = select(this.c.document_id.label("id"), n_names.label("n_names"))
    return (await connection.execute(statement.where(this.c.space_id == space, this.c.name == name))).first()


async def _name(
    connection: AsyncConnection, space: SpaceId, new: NewDocument, document_id: int, old: Row[int, int] | None
) -> None:
    """Let the name mean the document from now on."""
    values = {"document_id": document_id, "source_hash": new.source_hash}
    if old is None:
        await connection.execute(insert(document_names).values(space_id=space, name=new.name, **values))
    else:
        ours = (document_names.c.space_id == space) & (document_names.c.name == new.name)
        await connection.execute(update(document_names).where(ours).values(values))


async def _write_document(
    connection: AsyncConnection, space: SpaceId, new: NewDocument, old: Row[int, int] | None, revision: int
) -> int:
    """Write the document's row, in the old one's place when no other name needs that, and return its id."""
    now = datetime.now(UTC)
    values = {
        "title": new.title,
        "content_hash": new.content_hash,
        "kind": new.kind,
        "language": new.language,
        "text": new.text,
        "n_chars": len(new.text),
        "status": "approved",
        "updated_at": now,
    }
    if old is not None and old.n_names == 1:
        await remove_passages(connection, space, old.id, revision)
        await connection.execute(update(documents).where(documents.c.id == old.id).values(values))
        return int(old.id)
    statement = insert(documents).values(space_id=space, created_at=now, **values).returning(documents.c.id)
    return int((await connection.execute(statement)).scalar_one())


async def _remove_if_nameless(connection: AsyncConnection, space: SpaceId, document_id: int, revision: int) -> None:
    named = select(document_names.c.name).where(document_names.c.document_id == document_id)
    if (await connection.execute(named)).first() is None:
        await _remove(connection, space, document_id, revision)


async def _remove(connection: AsyncConnection, space: SpaceId, document_id: int, revision: int) -> None:
    await remove_passages(connection, space, document_id, revision)
    await connection.execute(delete(documents).where(documents.c.id == document_id))
