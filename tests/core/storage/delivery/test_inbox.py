"""What is claimed once stays claimed; spaces keep their settings; runs are recorded."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.storage.database import Database
from core.storage.delivery.inbox import RETENTION, Inbox
from core.storage.job_runs import JobRuns
from core.storage.spaces import Space, Spaces
from core.types import SpaceId

HERE, THERE = SpaceId("discord:1"), SpaceId("telegram:-5")


async def test_a_message_is_claimed_once_even_across_a_restart(tmp_path: Path) -> None:
    for expected in (True, False):
        async with await Database.open(tmp_path) as database:
            assert await Inbox(database).claim(HERE, "discord:100") is expected


async def test_of_many_claims_at_once_one_wins(database: Database) -> None:
    inbox = Inbox(database)
    won = await asyncio.gather(*(inbox.claim(HERE, "discord:100") for _ in range(20)))
    assert sum(won) == 1


async def test_the_same_key_in_another_space_is_another_message(database: Database) -> None:
    inbox = Inbox(database)
    assert await inbox.claim(HERE, "100")
    assert await inbox.claim(THERE, "100")


async def test_old_claims_are_pruned(database: Database) -> None:
    inbox = Inbox(database)
    await inbox.claim(HERE, "100")
    now = datetime.now(UTC)
    assert await inbox.prune(now) == 0
    assert await inbox.prune(now + RETENTION + timedelta(minutes=1)) == 1
    assert await inbox.claim(HERE, "100")


async def test_a_space_keeps_what_it_is_set_to(database: Database) -> None:
    spaces = Spaces(database)
    assert await spaces.get(HERE) is None
    await spaces.save(Space(HERE, "discord", "Jardim", {"outside_knowledge": "abstain"}))
    await spaces.save(Space(THERE, "telegram", None))
    await spaces.save(Space(HERE, "discord", "Jardim Novo", {"outside_knowledge": "provider"}))
    assert await spaces.get(HERE) == Space(HERE, "discord", "Jardim Novo", {"outside_knowledge": "provider"})
    assert [space.id for space in await spaces.all()] == [HERE, THERE]
    assert [space.platform for space in await spaces.all()] == ["discord", "telegram"]


async def test_runs_are_recorded(database: Database) -> None:
    runs = JobRuns(database)
    assert await runs.last_finished() == {}
    cut_short = await runs.start("nightly")
    assert await runs.last_finished() == {}
    run_id = await runs.start("nightly")
    assert run_id != cut_short
    await runs.finish(run_id, "failed", "see the log")
    ended = await runs.last_finished()
    assert set(ended) == {"nightly"}
    assert abs(datetime.now(UTC) - ended["nightly"]) < timedelta(minutes=1)
