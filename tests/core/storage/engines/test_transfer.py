"""From SQLite to PostgreSQL: everything arrives, also after being killed, and what differs is found."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text, update

from bot.operator.migrate import migrate_database
from core.errors import UserError
from core.storage.answers import Answers, NewAnswer
from core.storage.database import Database
from core.storage.delivery.inbox import Inbox
from core.storage.documents import Documents
from core.storage.engines import transfer
from core.storage.engines.transfer import Transfer
from core.storage.job_runs import JobRuns
from core.storage.passages import Passages
from core.storage.schema import documents, inbox, metadata, turns
from core.types import Confidence, Decision, Reason, SpaceId
from tests.fakes import WordEmbedder, message
from tests.postgres import PostgresServer
from tests.stored import embedded, new_document

pytestmark = pytest.mark.sqlite  # both databases are opened here, each by itself

HERE = SpaceId("discord:1")
E = WordEmbedder.id


class Killed(Exception):
    """Ends a transfer in the middle."""


async def fill(database: Database) -> None:
    stored = Documents(database)
    for n in range(12):
        texts = [f"Text {n} of the kiln.", f"Ünïcode {n} — 🔥"]
        await stored.store(HERE, new_document(f"d{n}", " ".join(texts)), embedded(*texts))
    await stored.forget(HERE, "d11")
    confidence = Confidence(0.1 + 0.2, 0.5, (Reason("why", {"share": 1 / 3}),), {"top": 0.7})
    new = NewAnswer(HERE, "code", "here", "When?", "en", (), Decision("local", confidence), "At nine.", "extract")
    answer_id = await Answers(database).record(new)
    await Answers(database).rate(HERE, answer_id, "code", "up")
    await Inbox(database).accept(message("When?", key="1"))
    await JobRuns(database).finish(await JobRuns(database).start("curation"), "done", "3 pages")


@pytest.fixture
def url(postgres: PostgresServer, request: pytest.FixtureRequest) -> str:
    return postgres.make(f"move_{abs(hash(request.node.name)):x}")


async def n_rows(database: Database) -> int:
    async with database.read() as connection:
        counts = [select(func.count()).select_from(table) for table in metadata.sorted_tables]
        return sum([(await connection.execute(count)).scalar_one() for count in counts])


async def test_everything_arrives_though_it_was_killed_again_and_again(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "BATCH", 4)
    async with await Database.open(tmp_path / "a") as source, await Database.open(tmp_path / "b", url) as target:
        await fill(source)
        moving, told = Transfer(source, target, "here"), [0]
        n_all = await moving.count()
        for limit in range(10, n_all, 15):
            told[0] = 0

            def advance(n_done: int, limit: int = limit) -> None:
                told[0] += n_done
                if told[0] >= limit:
                    raise Killed

            with pytest.raises(Killed):
                await moving.copy(advance)
            assert 0 < await n_rows(target) < n_all
        told[0] = 0
        assert await moving.copy(lambda n_done: told.__setitem__(0, told[0] + n_done)) == n_all
        assert told == [n_all] == [await n_rows(target)]
        ids = [*range(1, 23)]
        assert await Passages(target).passages(HERE, ids) == await Passages(source).passages(HERE, ids)
        assert await Answers(target).get(HERE, 1) == await Answers(source).get(HERE, 1)
        stored = [
            await Documents(each).store(HERE, new_document("x", "New."), embedded("New.")) for each in (source, target)
        ]
        assert stored[0] == stored[1]
        newest = [max((await Passages(each).changes(HERE, 0, E)).added) for each in (source, target)]
        assert newest == [25, 25]  # the ids of the forgotten document are not given again


async def test_what_differs_is_found_and_other_data_is_left_alone(tmp_path: Path, url: str) -> None:
    async with await Database.open(tmp_path / "a") as source, await Database.open(tmp_path / "b", url) as target:
        await fill(source)
        moving = Transfer(source, target, "here")
        await moving._claim()
        async with target.write() as connection:
            await connection.execute(insert(inbox).values(space_id=HERE, key="other", seen_at=func.now()))
        with pytest.raises(UserError) as error:
            await moving.copy(lambda n_done: None)
        assert (error.value.key, error.value.values["table"]) == ("migrate.differs", "inbox")
        with pytest.raises(UserError) as error:
            await Transfer(source, target, "elsewhere").copy(lambda n_done: None)
        assert error.value.key == "migrate.not_empty"
        async with target.write() as connection:
            await connection.execute(text("UPDATE inbox SET key = '1'"))
            await connection.execute(update(documents).values(title="changed"))


async def test_a_text_with_a_character_that_postgresql_lacks_arrives_without_it(tmp_path: Path, url: str) -> None:
    async with await Database.open(tmp_path / "a") as source, await Database.open(tmp_path / "b", url) as target:
        await fill(source)
        values = {"space_id": HERE, "conversation": "c", "person": "p", "text": "a\x00b", "topic": "t"}
        async with source.write() as connection:
            await connection.execute(insert(turns).values(said_at=datetime.now(UTC), **values))
        await Transfer(source, target, "here").copy(lambda n_done: None)
        assert [row.text for row in await target.rows(select(turns))] == ["ab"]


async def test_the_command_copies_what_the_settings_name(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AION_DATA_DIR", str(tmp_path / "data"))
    for value, key in (("", "migrate.no_target"), (url, "migrate.no_source")):
        monkeypatch.setenv("AION_DATABASE_URL", value)
        with pytest.raises(UserError) as error:
            await migrate_database()
        assert error.value.key == key
    async with await Database.open(tmp_path / "data") as source:
        await fill(source)
    await migrate_database()
    assert "127.0.0.1" in capsys.readouterr().out
    async with await Database.open(tmp_path / "data", url) as target:
        assert len(await Documents(target).list(HERE)) == 11
