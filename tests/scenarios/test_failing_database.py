"""A database that can be written no more, in the middle of it all, and a clock that jumps: a sentence, nothing lost."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.errors import Unavailable
from core.jobs.scheduler import next_run
from core.settings import Settings
from core.storage.database import FILE, Database
from core.storage.delivery.inbox import Inbox
from core.storage.engines import sqlite as sqlite_module
from core.storage.job_runs import JobRuns
from core.storage.schema import inbox as table
from core.storage.schema import runs
from core.texts import explain
from core.types import Attachment, Message, Person, SpaceId
from plugins import load_plugins
from tests.fakes import CollectingOutlet, ScriptedGenerator, WordEmbedder

pytestmark = pytest.mark.usefixtures("parsed_in_process")

SPACE = SpaceId("discord:1")
ANA = Person("discord:5", "Ana", is_moderator=True)
TEXT = "# Library\n\nThe library opens at nine in the morning.\n"
FAILURES = {"full": ("PRAGMA max_page_count=1", "is full"), "read-only": ("PRAGMA query_only=ON", "only be read")}


@asynccontextmanager
async def aion_in(folder: Path) -> AsyncIterator[Aion]:
    settings = Settings.model_validate({"AION_DATA_DIR": folder, "AION_READER": "off"})
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as aion:
        yield aion


def said(key: str, text: str, **options: object) -> Message:
    message = Message(key, "discord", SPACE, "discord:1:2", ANA, text, "en", address={"channel_id": "2"})
    return replace(message, **options)  # type: ignore[arg-type]  # fields of any type


async def reply(aion: Aion, message: Message) -> str:
    outlet = CollectingOutlet()
    await aion.dispatch.inbox.accept(message)
    await aion.dispatch.handle(message, outlet)
    return outlet.text


def upload(key: str, n_chars: int) -> Message:
    data = ("A sentence about nothing. " * n_chars)[:n_chars].encode()

    async def read() -> bytes:
        return data

    return said(key, "", command="index", attachments=(Attachment("long.md", len(data), read),))


@pytest.mark.sqlite
@pytest.mark.parametrize("failure", FAILURES)
async def test_a_database_that_takes_no_more_is_said_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    async with aion_in(tmp_path) as aion:
        await aion.ingest.index_file(SPACE, "library.md", TEXT.encode())
        assert "nine" in await reply(aion, said("discord:1", "When does the library open?"))
    pragma, sentence = FAILURES[failure]
    with monkeypatch.context() as patch:
        patch.setattr(sqlite_module, "_PRAGMAS", (*sqlite_module._PRAGMAS, pragma))
        async with aion_in(tmp_path) as aion:
            told = await reply(aion, upload("discord:2", 900_000))
            assert sentence in told and "reference" not in told
            with pytest.raises(Unavailable):
                for n in range(2_000):  # until the pages that are there are used up
                    await aion.dispatch.inbox.claim(SPACE, f"{n}:{'k' * 150}")
            asked = await reply(aion, said("discord:3", "When does the library open on Sundays?"))
            assert sentence in asked or "nine" in asked
    async with aion_in(tmp_path) as aion:
        assert [each.title for each in await aion.documents.list(SPACE)] == ["Library"]
        assert "nine" in await reply(aion, said("discord:4", "When does the library open?"))


@pytest.mark.sqlite
async def test_a_database_that_another_program_holds_or_that_broke_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_module, "_PRAGMAS", (*sqlite_module._PRAGMAS, "PRAGMA busy_timeout=20"))
    async with await Database.open(tmp_path) as database:
        other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable) as error:
            await Inbox(database).claim(SPACE, "1")
        assert "Another program holds" in explain("en", error.value)
        other.close()
        assert await Inbox(database).claim(SPACE, "1")


async def test_a_clock_that_is_set_back_keeps_nobody_waiting(database: Database) -> None:
    """What was accepted and what ran while the clock was a day ahead."""
    tomorrow, now, hour = datetime.now(UTC) + timedelta(days=1), datetime.now(UTC), timedelta(hours=1)
    inbox, job_runs = Inbox(database), JobRuns(database)
    await inbox.accept(said("discord:1", "When?"))
    await job_runs.finish(await job_runs.start("watch"), "done", "")
    async with database.write() as connection:
        await connection.execute(update(table).values(seen_at=tomorrow, due_at=tomorrow))
        await connection.execute(update(runs).values(started_at=tomorrow, finished_at=tomorrow))
    assert [left.message.key for left in await inbox.unfinished("discord")] == ["discord:1"]
    assert next_run((await job_runs.last_finished()).get("watch"), hour, now) == now
    await job_runs.finish(await job_runs.start("watch"), "done", "")
    assert next_run((await job_runs.last_finished())["watch"], hour, now) > now, "it ran, by the right clock"
