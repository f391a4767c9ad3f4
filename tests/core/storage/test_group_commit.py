"""Writes of many tasks share commits, tell each its own count, and fail together."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import event, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.storage.database import Database
from core.storage.group_commit import GroupCommit, Write
from core.storage.schema import inbox


def entry(key: str) -> Write:
    return insert(inbox).values(space_id="discord:1", key=key, seen_at=datetime.now(UTC))


async def test_what_comes_during_a_commit_shares_the_next(database: Database) -> None:
    commits: list[object] = []
    event.listen(database.engine._engine.sync_engine, "commit", commits.append)
    together = GroupCommit(database)
    counts = await asyncio.gather(*(together.run(entry(str(n))) for n in range(50)))
    assert counts == [1] * 50
    assert len(commits) <= 2
    touch = update(inbox).where(inbox.c.key < "2").values(n_runs=1)
    assert await asyncio.gather(together.run(touch), together.run(entry("x"))) == [12, 1]  # 0, 1 and 10 to 19


async def test_a_failure_is_everybodys_and_the_next_batch_is_whole_again(database: Database) -> None:
    together = GroupCommit(database)
    results = await asyncio.gather(*(together.run(entry(key)) for key in "aba"), return_exceptions=True)
    assert [type(result) for result in results] == [IntegrityError] * 3
    assert await together.run(entry("a")) == 1
    assert len(await database.rows(select(inbox))) == 1


async def test_who_stops_waiting_takes_nothing_back(database: Database) -> None:
    together = GroupCommit(database)
    writing = asyncio.create_task(together.run(entry("a")))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await together.run(entry("b")) == 1
    assert {row.key for row in await database.rows(select(inbox))} == {"a", "b"}
