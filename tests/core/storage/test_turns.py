"""Turns: kept per session, closed to every other, forgotten in time and when asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.storage.database import Database
from core.storage.turns import RETENTION, ConversationTurn, Session, Turns
from core.types import SpaceId

ANA = Session(SpaceId("discord:1"), "channel 5", "a" * 32)
NOON = datetime(2030, 5, 1, 12, tzinfo=UTC)
OPENING = ConversationTurn("When do you open?", "When do you open?", NOON)
SUNDAYS = ConversationTurn("and on Sundays?", "When do you open?", NOON + timedelta(minutes=1))


@pytest.fixture
def turns(database: Database) -> Turns:
    return Turns(database)


async def test_the_last_turn_is_the_last_one_added(turns: Turns) -> None:
    assert await turns.last(ANA) is None
    await turns.add(ANA, OPENING)
    await turns.add(ANA, SUNDAYS)
    assert await turns.last(ANA) == SUNDAYS


@pytest.mark.parametrize(
    "other",
    [
        replace(ANA, space=SpaceId("discord:2")),
        replace(ANA, conversation="channel 5:topic 1"),
        replace(ANA, person="b" * 32),
    ],
    ids=["space", "conversation", "person"],
)
async def test_sessions_do_not_hear_each_other(turns: Turns, other: Session) -> None:
    await turns.add(ANA, OPENING)
    assert await turns.last(other) is None
    assert await turns.clear(other) == 0
    assert await turns.last(ANA) == OPENING


async def test_a_cleared_session_is_empty(turns: Turns) -> None:
    await turns.add(ANA, OPENING)
    await turns.add(ANA, SUNDAYS)
    assert await turns.clear(ANA) == 2
    assert await turns.last(ANA) is None


async def test_old_turns_are_pruned_and_newer_ones_kept(turns: Turns) -> None:
    await turns.add(ANA, OPENING)
    await turns.add(ANA, SUNDAYS)
    assert await turns.prune(NOON + RETENTION) == 0
    assert await turns.prune(NOON + RETENTION + timedelta(seconds=30)) == 1
    assert await turns.last(ANA) == SUNDAYS


async def test_conversations_are_told_by_platform_the_latest_first(turns: Turns) -> None:
    later = replace(ANA, conversation="channel 6", person="b" * 32)
    await turns.add(ANA, OPENING)
    await turns.add(later, SUNDAYS)
    await turns.add(later, OPENING)
    await turns.add(replace(ANA, space=SpaceId("telegram:1")), SUNDAYS)
    assert await turns.conversations("discord", NOON) == [(ANA.space, "channel 6"), (ANA.space, "channel 5")]
    assert await turns.conversations("discord", SUNDAYS.at) == [(ANA.space, "channel 6")]
    assert await turns.conversations("telegram", SUNDAYS.at + timedelta(seconds=1)) == []


async def test_turns_outlive_a_restart(tmp_path: Path) -> None:
    async with await Database.open(tmp_path) as database:
        await Turns(database).add(ANA, OPENING)
    async with await Database.open(tmp_path) as database:
        assert await Turns(database).last(ANA) == OPENING
