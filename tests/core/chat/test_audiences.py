"""What a place may read, and for whom something is taught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.chat.audiences import Audiences
from core.errors import BadInput
from core.services.setting_schema import ANSWERS
from core.storage.database import Database
from core.storage.spaces import Spaces, ensure_space
from core.types import Message, Person, Scope, SpaceId

GUILD = SpaceId("discord:1")
VIP, STAFF, OTHER = SpaceId("discord:1/channel-7"), SpaceId("discord:1/channel-8"), SpaceId("discord:2/channel-7")
SAID = Message("k", "discord", STAFF, "8", Person("discord:9", "Ana"), "")


@dataclass
class Judge:
    """Channel 8 reads the audience of channel 7."""

    def readable(self, conversation: str, audiences: Sequence[SpaceId]) -> tuple[SpaceId, ...]:
        return tuple(each for each in audiences if each == VIP and conversation in ("7", "8"))


@pytest.fixture
async def database(tmp_path: Path):
    database = await Database.open(tmp_path)
    async with database.write() as connection:
        for space in (VIP, STAFF, OTHER, SpaceId("discord:12/channel-7")):
            await ensure_space(connection, space)
    yield database
    await database.close()


async def test_a_place_reads_what_its_platform_says_and_nothing_where_none_says(database: Database) -> None:
    audiences = Audiences(Spaces(database))
    assert await audiences.scope(STAFF, "8") == Scope(STAFF)
    audiences.judge("discord", Judge())
    assert await audiences.scope(STAFF, "8") == Scope(STAFF, (VIP,))
    assert await audiences.scope(GUILD, "8") == Scope(GUILD, (VIP,))
    assert await audiences.scope(VIP, "7") == Scope(VIP)
    assert await audiences.scope(GUILD, "9") == Scope(GUILD)


async def test_the_settings_are_the_communitys_and_new_audiences_are_known_at_once(database: Database) -> None:
    spaces = Spaces(database)
    await spaces.set_value(VIP, ANSWERS, "sure")
    assert await spaces.value(GUILD, ANSWERS) == await spaces.value(STAFF, ANSWERS) == "sure"
    assert await spaces.values(ANSWERS) == {GUILD: "sure"}
    assert await spaces.audiences(VIP) == (VIP, STAFF)
    later = SpaceId("discord:1/role-5")
    async with database.write() as connection:
        await ensure_space(connection, later)
    assert await spaces.audiences(GUILD) == (VIP, STAFF, later)


@pytest.mark.parametrize(
    ("typed", "space"),
    [
        ("", STAFF),
        ("here", STAFF),
        ("Everyone", GUILD),
        ("todos", GUILD),
        ("<#7>", VIP),
        ("channel-7", VIP),
        ("<#8>", STAFF),
    ],
)
async def test_what_is_taught_is_kept_for_whom_it_says(database: Database, typed: str, space: SpaceId) -> None:
    audiences = Audiences(Spaces(database))
    audiences.judge("discord", Judge())
    assert await audiences.taught(SAID, typed) == space


@pytest.mark.parametrize("typed", ["<#9>", "<@&5>", "<@9>", "vip", "channel-7/../", "<#7> <@&5>", f"<#{7:090}>"])
async def test_nothing_is_taught_for_others_or_for_nobody(database: Database, typed: str) -> None:
    audiences = Audiences(Spaces(database))
    audiences.judge("discord", Judge())
    with pytest.raises(BadInput):
        await audiences.taught(SAID, typed)
