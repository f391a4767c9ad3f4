"""A space that gets another id: everything follows, and nothing is left behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import String, cast, func, insert, select
from sqlalchemy.exc import IntegrityError

from core.storage.database import Database
from core.storage.delivery.inbox import Inbox
from core.storage.schema import answers, document_names, documents, metadata, ratings, spaces
from core.storage.spaces import Space, Spaces, ensure_space
from core.storage.turns import ConversationTurn, Session, Turns
from core.types import SpaceId
from tests.fakes import message

OLD, NEW, OTHER = SpaceId("telegram:-77"), SpaceId("telegram:-100777"), SpaceId("telegram:-770")
NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)


async def fill(database: Database, space: SpaceId) -> None:
    """Store something of everything a group has."""
    async with database.write() as connection:
        await ensure_space(connection, space)
        document = {"space_id": space, "title": "Hours", "content_hash": "h", "kind": "text", "language": "en"}
        document |= {"text": "At nine.", "n_chars": 8, "status": "ready", "created_at": NOW, "updated_at": NOW}
        number = (await connection.execute(insert(documents).values(document))).inserted_primary_key[0]
        name = {"space_id": space, "name": "hours.md", "document_id": number, "source_hash": "s"}
        await connection.execute(insert(document_names).values(name))
        answer = {column.name: [] for column in answers.columns if not column.nullable}
        answer |= {"space_id": space, "conversation": f"{space}:5", "asker": "a", "question": "When?", "language": "en"}
        answer |= {"text": "At nine.", "used": "local", "confidence": 0.9, "confidence_spec": 0.9, "band": "local"}
        answer.pop("id")
        answered = await connection.execute(insert(answers).values(answer | {"created_at": NOW}))
        thumb = {"answer_id": answered.inserted_primary_key[0], "person": "b", "thumb": "up"}
        await connection.execute(insert(ratings).values(thumb | {"created_at": NOW, "updated_at": NOW}))
    settings = {"free_channels": [space, f"{space}:5"], "moderators_channel": f"{space}:7"}
    await Spaces(database).save(Space(space, "telegram", "Library", settings))
    await Turns(database).add(Session(space, space, "a"), ConversationTurn("When?", "When?", NOW))
    asked = message("When?", key="telegram:1", space=space, address={"chat": "x"})
    await Inbox(database).accept(replace(asked, platform="telegram"))


async def n_naming(database: Database, space: SpaceId) -> int:
    """Count the cells of the database that name a space."""
    found = 0
    for table in metadata.sorted_tables:
        for column in table.columns:
            text = func.replace(cast(column, String) + " ", f"{OTHER}", "")
            rows = await database.rows(select(column).where(text.like(f"%{space}%")))
            found += len(rows)
    return found


async def test_everything_follows_and_nothing_names_the_old_id(database: Database) -> None:
    await fill(database, OLD)
    await fill(database, OTHER)
    n_cells = await n_naming(database, OLD)
    assert n_cells >= 9
    assert await Spaces(database).move(OLD, NEW)
    assert await n_naming(database, OLD) == 0
    assert await n_naming(database, NEW) == n_cells
    moved = await Spaces(database).get(NEW)
    assert moved.title == "Library"
    assert moved.settings == {"free_channels": [NEW, f"{NEW}:5"], "moderators_channel": f"{NEW}:7"}
    waiting = {each.message.space: each.message for each in await Inbox(database).unfinished("telegram")}
    assert waiting[NEW].conversation == NEW
    assert waiting[OTHER].conversation == OTHER


async def test_told_again_nothing_happens(database: Database) -> None:
    await fill(database, OLD)
    assert await Spaces(database).move(OLD, NEW)
    assert not await Spaces(database).move(OLD, NEW)
    assert await Spaces(database).get(OLD) is None


async def test_where_the_new_one_holds_the_same_nothing_is_lost(database: Database) -> None:
    await fill(database, OLD)
    await fill(database, NEW)
    with pytest.raises(IntegrityError):
        await Spaces(database).move(OLD, NEW)
    assert (await database.rows(select(documents.c.space_id).order_by(documents.c.id))) == [(OLD,), (NEW,)]


async def test_the_index_sees_the_moved_passages(database: Database) -> None:
    await fill(database, OLD)
    async with database.write() as connection:
        await connection.execute(spaces.update().where(spaces.c.id == OLD).values(revision=5))
    await Spaces(database).move(OLD, NEW)
    assert (await database.row(select(spaces.c.revision).where(spaces.c.id == NEW))).revision == 5
