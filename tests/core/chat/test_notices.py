"""Notices: said once, where a space wants them, whenever its platform is there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from core.chat.channels import Channels
from core.chat.notices import Notices
from core.storage.database import Database
from core.storage.delivery.inbox import Inbox
from core.storage.schema import inbox
from core.storage.spaces import Spaces
from core.types import Button, Language, Reply, SpaceId

GUILD = SpaceId("discord:1")


def card(language: Language) -> Reply:
    return Reply(
        {"en": "A page waits", "pt": "Uma página espera"}[language], language, buttons=(Button("✔", "approve", "7"),)
    )


@pytest.fixture
async def database(tmp_path: Path):
    database = await Database.open(tmp_path)
    yield database
    await database.close()


@pytest.fixture
def channels(database: Database) -> Channels:
    return Channels(Spaces(database))


@pytest.fixture
def notices(database: Database, channels: Channels) -> Notices:
    return Notices(Inbox(database), channels, Spaces(database), "pt")


async def test_without_a_channel_nobody_is_told(database: Database, notices: Notices) -> None:
    assert not await notices.tell_moderators(GUILD, "page:7", card)
    assert not await Inbox(database).unfinished("discord")


async def test_moderators_are_told_once_in_their_channel(
    database: Database, channels: Channels, notices: Notices
) -> None:
    await channels.gather_moderators(GUILD, "55")
    for _ in range(2):
        assert await notices.tell_moderators(GUILD, "page:7", card)
    [told] = await Inbox(database).unfinished("discord")
    assert told.reply == card("pt")
    assert (told.message.space, told.message.conversation, told.message.address) == (GUILD, "55", {"notice": "page:7"})
    await Inbox(database).close(told.message)
    await notices.tell_moderators(GUILD, "page:7", card)
    assert not await Inbox(database).unfinished("discord")


async def test_of_what_only_some_may_read_a_channel_of_others_is_told_where_it_waits(
    database: Database, channels: Channels, notices: Notices
) -> None:
    await channels.gather_moderators(GUILD, "55")
    audience = SpaceId(f"{GUILD}/channel-7")
    assert await notices.tell_moderators(audience, "page:8", card)
    [told] = await Inbox(database).unfinished("discord")
    assert told.reply is not None
    assert "<#7>" in told.reply.text and not told.reply.buttons
    assert told.reply.text != card("pt").text


async def test_a_notice_waits_for_a_platform_that_is_away(database: Database, notices: Notices) -> None:
    await notices.tell(GUILD, "55", "late", card("en"))
    long_ago = datetime.now(UTC) - timedelta(days=5)
    async with database.write() as connection:
        await connection.execute(update(inbox).values(seen_at=long_ago, due_at=long_ago))
    assert len(await Inbox(database).unfinished("discord")) == 1


async def test_modes_and_the_moderators_channel_do_not_disturb_each_other(channels: Channels) -> None:
    await channels.gather_moderators(GUILD, "55")
    await channels.set_mode(GUILD, "77", "free")
    assert await channels.moderators(GUILD) == "55"
    assert await channels.mode(GUILD, "77") == "free"


async def test_the_platform_is_woken(database: Database) -> None:
    inbox = Inbox(database)
    notices = Notices(inbox, Channels(Spaces(database)), Spaces(database), "pt")
    await notices.tell(GUILD, "55", "page:7", card("en"))
    assert inbox.news("discord").is_set()
    assert not inbox.news("telegram").is_set()
