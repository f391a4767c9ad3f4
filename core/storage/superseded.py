"""Superseded statements: hidden in the passages of their documents while a moderator's decision against them stands.

A hidden statement is replaced by spaces of its length, so that offsets stay; the document's own text keeps it. A
passage of which nothing is left has revision 0, and is not searched. Works within a caller's transaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sqlalchemy import case, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.schema import conflicts, documents, passages, removed_passages
from core.types import SpaceId

_SHOWN = re.compile(r"[^\n]")
_SAID = re.compile(r"\w")


async def hide_superseded(connection: AsyncConnection, space: SpaceId, document_id: int, revision: int) -> None:
    """Hide what is superseded in new passages of a document; those that change are of ``revision``."""
    if await _superseded(connection, space, document_id):
        await rewrite_passages(connection, space, document_id, revision)


async def rewrite_passages(connection: AsyncConnection, space: SpaceId, document_id: int, revision: int) -> None:
    """Make a document's passages show everything but what is superseded; those that change are of ``revision``."""
    text = (await connection.execute(select(documents.c.text).where(documents.c.id == document_id))).scalar_one()
    hidden = _hidden(text, await _superseded(connection, space, document_id))
    ours = select(passages.c.id, passages.c.start, passages.c.end, passages.c.text)
    for row in (await connection.execute(ours.where(passages.c.document_id == document_id))).all():
        shown = hidden[row.start : row.end]
        if shown != row.text:
            values = {"text": shown, "revision": revision if _SAID.search(shown) else 0}
            await connection.execute(update(passages).where(passages.c.id == row.id).values(values))
            gone = {"space_id": space, "revision": revision, "passage_id": row.id}
            await connection.execute(insert(removed_passages).values(gone))


async def _superseded(connection: AsyncConnection, space: SpaceId, document_id: int) -> Sequence[str]:
    """Return the statements of a document that a decision stands against."""
    found = conflicts.c
    lost_first = (found.first_id == document_id) & (found.status == "second")
    lost_second = (found.second_id == document_id) & (found.status == "first")
    quote = case((lost_first, found.first_quote), else_=found.second_quote).label("quote")
    statement = select(quote).where(found.space_id == space, or_(lost_first, lost_second))
    return (await connection.execute(statement)).scalars().all()


def _hidden(text: str, quotes: Sequence[str]) -> str:
    for quote in quotes:
        for start in list(_places(text, quote)):
            end = start + len(quote)
            text = text[:start] + _SHOWN.sub(" ", text[start:end]) + text[end:]
    return text


def _places(text: str, quote: str) -> Iterator[int]:
    start = text.find(quote) if quote else -1
    while start >= 0:
        yield start
        start = text.find(quote, start + len(quote))
