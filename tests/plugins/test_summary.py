"""``/summary``: of the channel it is called in, by whoever may read it, in both languages, within limits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.settings import Settings
from core.storage.curation.watches import NewWatch
from core.types import ChannelPlace, ExportedMessage, Person, Platform, SpaceId
from plugins import load_plugins
from tests.core.summaries.test_extractive import said
from tests.fakes import MEMBER, SPACE, CollectingOutlet, ScriptedGenerator, WordEmbedder, message

PLANS = said(
    ("rui", "The cellar flooded again after the storm of yesterday evening."),
    ("ana", "We decided to move the archive to the attic of the library. **bold** <@&42>"),
    ("rui", "See https://example.org/plan for the shelves and the boxes."),
    ("eva", "Where can I borrow the big ladder of the workshop?"),
)


@pytest.fixture
async def aion(tmp_path: Path) -> AsyncIterator[Aion]:
    settings = Settings.model_validate({"AION_DATA_DIR": tmp_path})
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as app:
        yield app


async def summary(
    aion: Aion,
    typed: str = "2026-01-01",
    history: Sequence[ExportedMessage] | None = PLANS,
    person: Person = MEMBER,
    space: SpaceId = SPACE,
    locale: str = "en",
    conversation: str = "7",
) -> str:
    async def read(since: datetime, limit: int) -> tuple[ExportedMessage, ...]:
        return tuple(each for each in moved(history or ()) if each.said_at >= since)[-limit:]

    outlet = CollectingOutlet()
    key = f"{typed}{person.id}{locale}{datetime.now(UTC)}"
    asked = message(
        "/summary",
        key=key,
        command="summary",
        arguments={"since": typed},
        person=person,
        space=space,
        locale=locale,
    )
    await aion.dispatch.handle(
        replace(asked, conversation=conversation, history=read if history is not None else None), outlet
    )
    return outlet.text


def moved(messages: Sequence[ExportedMessage]) -> list[ExportedMessage]:
    """Return messages as said a minute after each other, the last one just now."""
    now = datetime.now(UTC)
    return [replace(each, said_at=now - timedelta(minutes=len(messages) - n)) for n, each in enumerate(messages)]


async def test_a_channel_is_summed_up_with_links_and_nothing_of_it_is_markup(aion: Aion) -> None:
    text = await summary(aion, "hour")
    assert "4 messages by 3 people" in text
    assert text.index("**Decided**") < text.index("**Still open**") < text.index("**What was said**")
    assert "<https://chat.example/1>" in text and "<https://example.org/plan>" in text
    assert "**bold**" not in text and "<@&42>" not in text


async def test_it_speaks_portuguese(aion: Aion) -> None:
    assert "**Decidido**" in await summary(aion, "hora", locale="pt-BR")


async def test_without_a_moment_it_begins_after_ones_last_message(aion: Aion) -> None:
    own = said(
        ("eva", "The kiln is broken since the morning."),
        (MEMBER.id, "I bring the clay later."),
        *(("rui", each.text) for each in PLANS),
    )
    text = await summary(aion, "", own)
    assert "4 messages by 1 person" in text and "kiln" not in text


async def test_a_model_of_this_machine_writes_where_one_may(tmp_path: Path) -> None:
    local = ScriptedGenerator(
        ["- The archive moves to the attic. [3]\n- The cellar flooded. [2]\n- 99 boxes arrived. [1]"]
    )
    settings = Settings.model_validate({"AION_DATA_DIR": tmp_path})
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=local) as aion:
        text = await summary(aion, "hour", [*PLANS, *said(*[("eva", f"fine by me {n}") for n in range(6)])])
    assert "**What happened**" in text and "The archive moves to the attic" in text and "99" not in text
    assert "**What was said**" not in text and "**Decided**" in text


async def test_what_cannot_be_summed_up_is_said_in_one_sentence(aion: Aion) -> None:
    for typed, history, space, sentence in (
        ("soon", PLANS, SPACE, "do not understand"),
        ("hour", (), SPACE, "Nobody said anything"),
        ("hour", None, SPACE, "cannot see what was said"),
        ("hour", PLANS, SpaceId("terminal:dm:1"), "private chat"),
    ):
        person = replace(MEMBER, id=f"terminal:{sentence}")
        assert sentence in await summary(aion, typed, history, person, space)


@pytest.mark.parametrize(
    ("platform", "wanted", "unwanted"),
    [("discord", "message history", "/watch"), ("telegram", "/watch channel", "history")],
)
async def test_how_to_let_it_see_is_said_for_the_platform_it_is_asked_on(
    aion: Aion, platform: Platform, wanted: str, unwanted: str
) -> None:
    outlet = CollectingOutlet()
    sent = message("hour", key=platform, command="summary", arguments={"since": "hour"}, person=MEMBER)
    await aion.dispatch.handle(replace(sent, platform=platform, conversation="7"), outlet)
    assert wanted in outlet.text and unwanted not in outlet.text


async def test_each_person_may_ask_for_one_a_minute(aion: Aion) -> None:
    assert "**Decided**" in await summary(aion, "hour")
    assert "**Decided**" not in await summary(aion, "hour")
    assert "**Decided**" in await summary(aion, "hour", person=replace(MEMBER, id="terminal:other"))


async def test_a_watched_channel_is_summed_up_from_what_was_kept_of_it_alone(aion: Aion) -> None:
    channels = aion.services.channels
    watch = await channels.watches.add(SPACE, NewWatch("channel", "7", "en", timedelta(days=1), "operator"))
    await channels.keep(watch, [ChannelPlace("7", SPACE)], moved(PLANS))
    hidden = SpaceId(f"{SPACE}/channel-8")
    await channels.keep(
        watch, [ChannelPlace("8", hidden)], moved(said(("eva", "We decided to sell the secret garden.")))
    )
    text = await summary(aion, "hour", None)
    assert "move the archive" in text and "garden" not in text
    elsewhere = await summary(aion, "hour", None, replace(MEMBER, id="terminal:two"), conversation="8")
    assert "garden" not in elsewhere and "cannot see what was said" in elsewhere
