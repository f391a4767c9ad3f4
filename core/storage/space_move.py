"""Changing the id of a space, as when a Telegram group becomes a supergroup."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Table, and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.schema import inbox, metadata, spaces
from core.types import SpaceId

_SPACE_COLUMNS = ("space_id", "asked_in")
_CONVERSATION_COLUMNS = ("conversation", "target", "place")
"""Columns that hold ids of conversations; a ``target`` of another kind never looks like one."""


async def move_space(connection: AsyncConnection, old: SpaceId, new: SpaceId) -> bool:
    """Move everything of a space to the id ``new`` within a transaction; ``False`` when ``old`` does not exist.

    Conversation ids begin with the space's id and are renamed with it. Raises SQLAlchemy's ``IntegrityError`` when
    ``new`` has a row with the same key already.
    """
    known = (await connection.execute(select(spaces).where(spaces.c.id == old))).mappings().first()
    if known is None:
        return False
    values = {**known, "id": new, "settings": _renamed(known["settings"], old, new)}
    earlier = (await connection.execute(select(spaces.c.revision).where(spaces.c.id == new))).scalar()
    if earlier is None:
        await connection.execute(insert(spaces).values(values))
    else:
        values["revision"] = max(earlier, known["revision"]) + 1
        await connection.execute(update(spaces).where(spaces.c.id == new).values(values))
    await _rename_in_inbox(connection, old, new)
    for table in metadata.sorted_tables:
        for column in table.columns:
            await _rename(connection, table, column, old, new)
    await connection.execute(delete(spaces).where(spaces.c.id == old))
    return True


async def _rename(connection: AsyncConnection, table: Table, column: Column[Any], old: SpaceId, new: SpaceId) -> None:
    if column.name in _SPACE_COLUMNS:
        await connection.execute(update(table).where(column == old).values({column.name: new}))
    elif column.name in _CONVERSATION_COLUMNS:
        topic = func.substr(column, len(old) + 1)
        inside = or_(column == old, func.substr(column, 1, len(old) + 1) == f"{old}:")
        await connection.execute(update(table).where(inside).values({column.name: new + topic}))


async def _rename_in_inbox(connection: AsyncConnection, old: SpaceId, new: SpaceId) -> None:
    """Rename the space in the stored messages of the inbox."""
    of_old = and_(inbox.c.space_id == old, inbox.c.message.is_not(None))
    for row in (await connection.execute(select(inbox.c.key, inbox.c.message).where(of_old))).all():
        this = and_(inbox.c.space_id == old, inbox.c.key == row.key)
        await connection.execute(update(inbox).where(this).values(message=_renamed(row.message, old, new)))


def _renamed(value: Any, old: SpaceId, new: SpaceId) -> Any:
    """Return a JSON value with the old space id, and ids of its conversations, replaced."""
    if isinstance(value, dict):
        return {key: _renamed(each, old, new) for key, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, old, new) for each in value]
    if isinstance(value, str) and (value == old or value.startswith(f"{old}:")):
        return new + value[len(old) :]
    return value
