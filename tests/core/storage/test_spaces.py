"""Settings of spaces as they are stored: defaults, other processes, other spaces."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.services.setting_schema import ANSWERS, FREE_CHANNELS, LANGUAGE, MODERATORS, RETENTION
from core.storage.database import Database
from core.storage.spaces import FRESH_S, Spaces
from core.types import SpaceId

HERE, THERE = SpaceId("discord:1"), SpaceId("discord:2")


@pytest.fixture
async def database(tmp_path: Path):
    database = await Database.open(tmp_path)
    yield database
    await database.close()


async def test_a_value_is_the_default_until_it_is_set_in_that_space(database: Database) -> None:
    spaces = Spaces(database)
    await spaces.set_value(HERE, ANSWERS, "sure")
    await spaces.set_value(HERE, FREE_CHANNELS, ("7", "9"))
    assert (await spaces.value(HERE, ANSWERS), await spaces.value(THERE, ANSWERS)) == ("sure", "everything")
    assert await Spaces(database).value(HERE, FREE_CHANNELS) == ("7", "9")
    assert await spaces.values(RETENTION) == {}
    await spaces.set_value(THERE, RETENTION, 30)
    assert await spaces.values(RETENTION) == {THERE: 30}
    assert await spaces.value(HERE, MODERATORS) is None


async def test_what_another_process_changed_is_seen_before_long(database: Database) -> None:
    now_s = 0.0
    ours, theirs = Spaces(database, lambda: now_s), Spaces(database)
    assert await ours.language(HERE) == "each"
    await theirs.set_value(HERE, LANGUAGE, "pt")
    now_s = FRESH_S
    assert await ours.language(HERE) == "each"
    now_s += 0.1
    assert await ours.language(HERE) == "pt"


async def test_a_database_that_cannot_be_read_leaves_everybody_their_own_language(database: Database) -> None:
    spaces = Spaces(database)
    async with database.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE spaces RENAME TO gone")
    assert await spaces.language(HERE) == "each"


async def test_a_space_that_moved_has_its_settings_at_once(database: Database) -> None:
    spaces = Spaces(database)
    await spaces.set_value(HERE, ANSWERS, "taught")
    assert await spaces.value(THERE, ANSWERS) == "everything"
    assert await spaces.move(HERE, THERE)
    assert (await spaces.value(HERE, ANSWERS), await spaces.value(THERE, ANSWERS)) == ("everything", "taught")
