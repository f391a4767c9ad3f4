"""Writing documents inside a caller's transaction, for ``core.storage.documents`` and ``core.storage.curation``.

Texts whose names and contents are both new to the space are inserted together, which is the usual case when a folder
is indexed; every other text is written by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import compress
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.delivery.webhook_outbox import post_events
from core.storage.document_versions import note_version
from core.storage.embeddings.embedded_chunks import EmbeddedChunks
from core.storage.passages import add_passages, remove_passages
from core.storage.schema import document_names, documents, passages
from core.storage.spaces import next_revision
from core.storage.superseded import hide_superseded
from core.types import CommunityEvent, IndexedDocument, Language, SpaceId


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A text to be stored under ``name``; ``source_hash`` is the hash of the bytes it was extracted from.

    ``said_at`` is when its source last said so, aware; ``None`` where that is not known.
    """

    name: str
    source_hash: str
    title: str
    kind: str
    language: Language
    text: str
    said_at: datetime | None = None

    @property
    def content_hash(self) -> str:
        """Return the hash of the text that identifies a document within a space (BLAKE2b, 32 hex digits)."""
        return hashlib.blake2b(self.text.encode(), digest_size=16).hexdigest()


async def store_documents(
    connection: AsyncConnection, space: SpaceId, texts: Sequence[tuple[NewDocument, EmbeddedChunks]]
) -> tuple[IndexedDocument, ...]:
    """Store texts under their names, replacing what the names referred to; return the outcome of each, in order."""
    is_new = await _are_new(connection, space, [new for new, _ in texts])
    await _add(connection, space, list(compress(texts, is_new)))
    outcomes = [
        IndexedDocument(new.name, "added", len(embedded.chunks))
        if fresh
        else await _replace(connection, space, new, embedded)
        for (new, embedded), fresh in zip(texts, is_new, strict=True)
    ]
    learned = [
        CommunityEvent("document.learned", {"name": new.name, "title": new.title, "kind": new.kind})
        for (new, _), indexed in zip(texts, outcomes, strict=True)
        if indexed.outcome in ("added", "replaced")
    ]
    await post_events(connection, space, learned)
    return tuple(outcomes)


async def _are_new(connection: AsyncConnection, space: SpaceId, texts: Sequence[NewDocument]) -> list[bool]:
    """Return for each text whether its name and content are new to the space and to the texts before it."""
    names, contents = document_names.c, documents.c
    by_name = select(names.name).where(names.space_id == space, names.name.in_([new.name for new in texts]))
    hashes = [new.content_hash for new in texts]
    by_content = select(contents.content_hash).where(contents.space_id == space, contents.content_hash.in_(hashes))
    taken_names = set((await connection.execute(by_name)).scalars())
    taken_hashes = set((await connection.execute(by_content)).scalars())
    are_new = []
    for new, content_hash in zip(texts, hashes, strict=True):
        are_new.append(new.name not in taken_names and content_hash not in taken_hashes)
        taken_names.add(new.name)
        taken_hashes.add(content_hash)
    return are_new


async def _add(
    connection: AsyncConnection, space: SpaceId, fresh: Sequence[tuple[NewDocument, EmbeddedChunks]]
) -> None:
    """Insert texts whose names and contents are new to the space."""
    if not fresh:
        return
    revision = await next_revision(connection, space)
    ids = await _insert_documents(connection, space, [new for new, _ in fresh])
    names = [
        {"space_id": space, "name": new.name, "document_id": ids[new.content_hash], "source_hash": new.source_hash}
        for new, _ in fresh
    ]
    await connection.execute(insert(document_names), names)
    await add_passages(connection, space, revision, {ids[new.content_hash]: embedded for new, embedded in fresh})


async def _replace(
    connection: AsyncConnection, space: SpaceId, new: NewDocument, embedded: EmbeddedChunks
) -> IndexedDocument:
    """Store a text whose name or content the space already has."""
    if linked := await link_document(connection, space, new):
        return linked
    old = await _document_named(connection, space, new.name)
    before = await _text(connection, old.id) if old is not None else None
    revision = await next_revision(connection, space)
    document_id = await _write_document(connection, space, new, old, revision)
    await _set_name(connection, space, new, document_id, old)
    if before is not None:
        await note_version(connection, space, new.name, before, new.text)
    if old is not None and old.id != document_id:
        await _remove_if_nameless(connection, space, old.id, revision)
    await add_passages(connection, space, revision, {document_id: embedded})
    await hide_superseded(connection, space, document_id, revision)
    return IndexedDocument(new.name, "replaced" if old else "added", len(embedded.chunks))


async def rewrite_document(
    connection: AsyncConnection, space: SpaceId, document_id: int, title: str, embedded: EmbeddedChunks
) -> bool:
    """Give a document a title, and passages that were cut and embedded under it; ``False``: the space has none."""
    owned = (documents.c.space_id == space) & (documents.c.id == document_id)
    changed = update(documents).where(owned).values(title=title, updated_at=datetime.now(UTC))
    if not (await connection.execute(changed)).rowcount:
        return False
    revision = await next_revision(connection, space)
    await remove_passages(connection, space, document_id, revision)
    await add_passages(connection, space, revision, {document_id: embedded})
    return True


async def find_document(connection: AsyncConnection, space: SpaceId, new: NewDocument) -> IndexedDocument | None:
    """Return the outcome ``unchanged`` or ``duplicate`` for a text that the space has already, else ``None``."""
    same = (await connection.execute(_by_content(space, new.content_hash))).first()
    if same is None:
        return None
    old = await _document_named(connection, space, new.name)
    if old is not None and old.id == same.id:
        return IndexedDocument(new.name, "unchanged", same.n_passages)
    return IndexedDocument(new.name, "duplicate", same.n_passages, duplicate_of=same.name)


async def link_document(connection: AsyncConnection, space: SpaceId, new: NewDocument) -> IndexedDocument | None:
    """Point ``new.name`` at the document with this text, if the space has one; else return ``None``."""
    same = (await connection.execute(_by_content(space, new.content_hash))).first()
    if same is None:
        return None
    old = await _document_named(connection, space, new.name)
    await _set_name(connection, space, new, same.id, old)
    if old is not None and old.id == same.id:
        return IndexedDocument(new.name, "unchanged", same.n_passages)
    if old is not None:
        await _remove_if_nameless(connection, space, old.id, await next_revision(connection, space))
    return IndexedDocument(new.name, "duplicate", same.n_passages, duplicate_of=same.name)


def _by_content(space: SpaceId, content_hash: str) -> Select[Any]:
    n_passages = select(func.count()).where(passages.c.document_id == documents.c.id).scalar_subquery()
    name = select(func.min(document_names.c.name)).where(document_names.c.document_id == documents.c.id)
    return select(documents.c.id, n_passages.label("n_passages"), name.scalar_subquery().label("name")).where(
        documents.c.space_id == space, documents.c.content_hash == content_hash
    )


async def _document_named(connection: AsyncConnection, space: SpaceId, name: str) -> Row[int, int] | None:
    """Return the id and the number of names of the document called ``name``, if there is one."""
    this, every = document_names.alias(), document_names.alias()
    n_names = select(func.count()).where(every.c.document_id == this.c.document_id).scalar_subquery()
    statement = select(this.c.document_id.label("id"), n_names.label("n_names"))
    return (await connection.execute(statement.where(this.c.space_id == space, this.c.name == name))).first()


async def _text(connection: AsyncConnection, document_id: int) -> str:
    return str((await connection.execute(select(documents.c.text).where(documents.c.id == document_id))).scalar_one())


async def _set_name(
    connection: AsyncConnection, space: SpaceId, new: NewDocument, document_id: int, old: Row[int, int] | None
) -> None:
    """Point the name at the document."""
    values = {"document_id": document_id, "source_hash": new.source_hash}
    if old is None:
        await connection.execute(insert(document_names).values(space_id=space, name=new.name, **values))
    else:
        ours = (document_names.c.space_id == space) & (document_names.c.name == new.name)
        await connection.execute(update(document_names).where(ours).values(values))


async def _write_document(
    connection: AsyncConnection, space: SpaceId, new: NewDocument, old: Row[int, int] | None, revision: int
) -> int:
    """Insert the document, or overwrite ``old`` when this is its only name; return its id."""
    if old is None or old.n_names > 1:
        return (await _insert_documents(connection, space, [new]))[new.content_hash]
    await remove_passages(connection, space, old.id, revision)
    await connection.execute(update(documents).where(documents.c.id == old.id).values(_columns(new)))
    return int(old.id)


async def _insert_documents(
    connection: AsyncConnection, space: SpaceId, fresh: Sequence[NewDocument]
) -> dict[str, int]:
    """Insert the rows of new documents and return their ids by content hash."""
    rows = [{**_columns(new), "space_id": space, "created_at": datetime.now(UTC)} for new in fresh]
    statement = insert(documents).returning(documents.c.content_hash, documents.c.id)
    return {row.content_hash: row.id for row in (await connection.execute(statement, rows)).all()}


def _columns(new: NewDocument) -> dict[str, Any]:
    return {
        "title": new.title,
        "content_hash": new.content_hash,
        "kind": new.kind,
        "language": new.language,
        "text": new.text,
        "n_chars": len(new.text),
        "status": "approved",
        "updated_at": datetime.now(UTC),
        "said_at": new.said_at,
    }


async def remove_name(connection: AsyncConnection, space: SpaceId, name: str) -> bool:
    """Take a name off its document, and delete a document that has no other; return whether there was one."""
    ours = (document_names.c.space_id == space) & (document_names.c.name == name)
    removed = delete(document_names).where(ours).returning(document_names.c.document_id)
    document_id = (await connection.execute(removed)).scalar()
    if document_id is None:
        return False
    await _remove_if_nameless(connection, space, document_id, await next_revision(connection, space))
    return True


async def _remove_if_nameless(connection: AsyncConnection, space: SpaceId, document_id: int, revision: int) -> None:
    named = select(document_names.c.name).where(document_names.c.document_id == document_id)
    if (await connection.execute(named)).first() is None:
        await remove_document(connection, space, document_id, revision)


async def remove_document(connection: AsyncConnection, space: SpaceId, document_id: int, revision: int) -> None:
    """Delete a document with its names and passages."""
    await remove_passages(connection, space, document_id, revision)
    removed = delete(documents).where(documents.c.id == document_id).returning(documents.c.title)
    title = (await connection.execute(removed)).scalar()
    await post_events(connection, space, [CommunityEvent("document.forgotten", {"title": title})])
