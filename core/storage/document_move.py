"""Moving a document, as it is, to another audience of its community."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import case, delete, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import BadInput
from core.storage.schema import (
    chat_lessons,
    conflicts,
    document_names,
    documents,
    passages,
    removed_passages,
    watched_pages,
    watches,
)
from core.storage.spaces import ensure_space, next_revision
from core.storage.superseded import rewrite_passages
from core.types import SpaceId


async def move_document(connection: AsyncConnection, space: SpaceId, document_id: int, new: SpaceId) -> bool:
    """Move a document with its names, versions and passages within a transaction; ``False``: the space has none.

    Contradictions with documents that stay end. Raises ``BadInput`` for one that is watched, and where ``new`` has a
    document with its text or one of its names.
    """
    owned = (documents.c.space_id == space) & (documents.c.id == document_id)
    row = (await connection.execute(select(documents.c.content_hash).where(owned))).first()
    if row is None:
        return False
    named = select(document_names.c.name).where(document_names.c.document_id == document_id)
    names = (await connection.execute(named)).scalars().all()
    await _require_free(connection, space, new, row.content_hash, names)
    await ensure_space(connection, new)
    left, joined = await next_revision(connection, space), await next_revision(connection, new)
    ended = await _end_conflicts(connection, document_id)
    gone = select(literal(space), literal(left), passages.c.id).where(passages.c.document_id == document_id)
    await connection.execute(insert(removed_passages).from_select(["space_id", "revision", "passage_id"], gone))
    await connection.execute(update(documents).where(owned).values(space_id=new))
    ours = document_names.c.document_id == document_id
    await connection.execute(update(document_names).where(ours).values(space_id=new))
    taught = (chat_lessons.c.space_id == space) & chat_lessons.c.name.in_(names)
    await connection.execute(update(chat_lessons).where(taught).values(space_id=new))
    searchable = case((passages.c.revision == 0, 0), else_=joined)
    theirs = passages.c.document_id == document_id
    await connection.execute(update(passages).where(theirs).values(space_id=new, revision=searchable))
    await rewrite_passages(connection, new, document_id, joined)
    for other in ended - {document_id}:
        await rewrite_passages(connection, space, other, left)
    return True


async def _require_free(
    connection: AsyncConnection, space: SpaceId, new: SpaceId, content_hash: str, names: Sequence[str]
) -> None:
    looked_at = select(watched_pages.c.name).join(watches, watches.c.id == watched_pages.c.watch_id)
    watched = looked_at.where(watches.c.space_id == space, watched_pages.c.name.in_(names)).limit(1)
    if (await connection.execute(watched)).first() is not None:
        raise BadInput("audience.watched")
    known = document_names.c
    same = (
        select(documents.c.id)
        .outerjoin(document_names, known.document_id == documents.c.id)
        .where(documents.c.space_id == new, or_(documents.c.content_hash == content_hash, known.name.in_(names)))
    )
    if (await connection.execute(same.limit(1))).first() is not None:
        raise BadInput("audience.known_there")


async def _end_conflicts(connection: AsyncConnection, document_id: int) -> set[int]:
    """Delete the contradictions of a document; return the documents they were between."""
    theirs = or_(conflicts.c.first_id == document_id, conflicts.c.second_id == document_id)
    ended = delete(conflicts).where(theirs).returning(conflicts.c.first_id, conflicts.c.second_id)
    return {each for row in (await connection.execute(ended)).all() for each in row}
