"""``/stats`` and the weekly digest: counted by day and outcome, in one space, sent once a week."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from core.assembly.aion import Aion
from core.chat.audiences import Audiences
from core.chat.channels import Channels
from core.chat.notices import Notices
from core.ops.community_stats import N_DAYS, StatsService
from core.ops.digest import WeeklyDigest
from core.services.setting_schema import DIGEST, LANGUAGE
from core.storage.answers import Answers, NewAnswer
from core.storage.curation.gaps import Gaps
from core.storage.impressions import Impressions
from core.storage.schema import answers, inbox
from core.storage.spaces import Spaces
from core.types import Confidence, Decision, Scope, SpaceId
from tests.e2e.real_core import core_in
from tests.fakes import SPACE, CollectingOutlet, message

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
THERE = SpaceId("discord:2")


@pytest.fixture
async def aion(tmp_path: Path) -> AsyncIterator[Aion]:
    async with core_in(tmp_path) as aion:
        yield aion


async def answered(aion: Aion, used: str, days_ago: float, asker: str = "ana", space: SpaceId = SPACE) -> int:
    """Record an answer of so many days ago."""
    database = aion._stores.database
    decision = Decision("local", Confidence(0.9, 0.8, (), {}))
    number = await Answers(database).record(NewAnswer(space, asker, "c", "When?", "en", (), decision, "At nine.", used))
    when = update(answers).where(answers.c.id == number).values(created_at=NOW - timedelta(days=days_ago))
    await database.write_all([when])
    return number


def stats_of(aion: Aion) -> StatsService:
    return StatsService(Impressions(aion._stores.database), lambda: NOW)


def digest_of(aion: Aion, now: datetime = NOW) -> WeeklyDigest:
    database = aion._stores.database
    spaces = Spaces(database)
    notices = Notices(aion._stores.inbox, Channels(spaces), spaces, "en")
    stats = StatsService(Impressions(database), lambda: now)
    return WeeklyDigest(spaces, stats, aion.documents, Gaps(database), notices, lambda: now, Audiences(spaces))


async def test_questions_are_counted_by_day_and_outcome_in_one_space(aion: Aion) -> None:
    liked = await answered(aion, "local", 1)
    await Answers(aion._stores.database).rate(SPACE, liked, "bia", "up")
    await answered(aion, "closest", 1, "bia")
    await answered(aion, "abstained", 0)
    for used, days_ago, space in (("talk", 1, SPACE), ("silent", 1, SPACE), ("local", 29, SPACE), ("local", 1, THERE)):
        await answered(aion, used, days_ago, "rui", space)
    stats = await stats_of(aion).read(Scope(SPACE), N_DAYS)
    yesterday, today = stats.days[-2:]
    assert (len(stats.days), stats.n_people) == (N_DAYS, 2)
    assert (yesterday.n_answered, yesterday.n_closest, yesterday.n_declined, yesterday.n_up) == (1, 1, 0, 1)
    assert (today.day, today.n_declined) == (NOW.date(), 1)
    assert (stats.total.n_questions, stats.total.n_up, stats.total.n_down) == (3, 1, 0)


async def test_the_picture_is_a_png_in_either_language(aion: Aion) -> None:
    await answered(aion, "local", 1)
    for language in ("en", "pt"):
        space = stats_of(aion).of(Scope(SPACE), language)
        drawn = await space.draw(await space.read())
        assert drawn.name.endswith(".png") and drawn.data.startswith(b"\x89PNG")


async def test_the_command_shows_figures_and_picture_or_says_that_nothing_was_asked(aion: Aion) -> None:
    nothing = CollectingOutlet()
    await aion.dispatch.handle(message("", key="1", command="stats"), nothing)
    assert "Nothing was asked" in nothing.text
    await answered(aion, "local", (NOW - datetime.now(UTC)).total_seconds() / 86_400)
    shown = CollectingOutlet()
    await aion.dispatch.handle(message("", key="2", command="stats"), shown)
    assert "Questions: 1 · people: 1" in shown.text
    assert [file.name for file in shown.replies[0].files] == ["aion-stats.png"]


async def sent(aion: Aion) -> list[str]:
    rows = await aion._stores.database.rows(select(inbox).where(inbox.c.state == "answered"))
    return [str(row.reply["text"]) for row in rows]


async def test_a_digest_is_sent_once_a_week_to_the_channel_that_was_chosen(aion: Aion) -> None:
    spaces = Spaces(aion._stores.database)
    await aion.ingest.index_file(SPACE, "hours.md", b"# Library\n\nIt opens at nine in the morning.\n")
    await answered(aion, "abstained", 2)
    later = digest_of(aion, max(NOW, datetime.now(UTC)))  # what was indexed just now is of this week
    assert (await later.send_due()).startswith("0 digests")
    await spaces.set_value(SPACE, DIGEST, "general")
    await spaces.set_value(SPACE, LANGUAGE, "pt")
    await spaces.set_value(THERE, DIGEST, "general")
    assert (await digest_of(aion).send_due()).startswith("1 digests of 2026-W49")
    assert (await digest_of(aion).send_due()).startswith("0 digests")
    [text] = await sent(aion)
    assert "Esta semana" in text and "Perguntas: 1 · pessoas: 1" in text
    assert (await digest_of(aion, NOW + timedelta(days=5)).send_due()).startswith("0 digests")
    next_week = replace(digest_of(aion, NOW + timedelta(days=7)))
    await answered(aion, "local", -6)
    assert (await next_week.send_due()).startswith("1 digests of 2026-W50")
