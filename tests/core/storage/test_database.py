"""The data folder: who may open it, what it survives, and that its shape is what the code says."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from core.errors import Unavailable
from core.storage.database import FILE, Database
from core.storage.engines import sqlite as sqlite_module
from core.storage.migrations import REVISIONS
from core.storage.schema import documents, inbox, metadata
from core.texts import explain
from core.types import LANGUAGES

pytestmark = pytest.mark.usefixtures("migrated_anew")


def entry(key: str) -> dict[str, object]:
    return {"space_id": "terminal:ana", "key": key, "seen_at": datetime.now(UTC)}


async def keys(database: Database) -> set[str]:
    return {row.key for row in await database.rows(select(inbox.c.key))}


def fingerprint(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


def refused(error: pytest.ExceptionInfo[Unavailable], key: str, folder: Path) -> None:
    assert error.value.key == key
    for language in LANGUAGES:
        assert str(folder) in explain(language, error.value)


# --- opening -------------------------------------------------------------------------------------


async def test_what_was_written_is_there_after_reopening(tmp_path: Path) -> None:
    for n in range(3):
        async with await Database.open(tmp_path / "new" / "folder") as database:
            async with database.write() as connection:
                await connection.execute(insert(inbox).values(entry(str(n))))
            assert await keys(database) == {str(earlier) for earlier in range(n + 1)}


async def test_a_second_opening_is_refused_until_the_first_closes(tmp_path: Path) -> None:
    first = await Database.open(tmp_path)
    with pytest.raises(Unavailable) as error:
        await Database.open(tmp_path)
    refused(error, "storage.in_use", tmp_path)
    await first.close()
    await (await Database.open(tmp_path)).close()


HOLDER = """
import asyncio, sys
from pathlib import Path
from core.storage.database import Database

async def hold():
    database = await Database.open(Path(sys.argv[1]))
    print("open", flush=True)
    await asyncio.sleep(60)

asyncio.run(hold())
"""


@pytest.mark.sqlite
async def test_another_process_is_refused_and_one_killed_leaves_no_lock(tmp_path: Path) -> None:
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"open\n"
    with pytest.raises(Unavailable) as error:
        await Database.open(tmp_path)
    refused(error, "storage.in_use", tmp_path)
    holder.kill()
    await holder.wait()
    await (await Database.open(tmp_path)).close()


@pytest.mark.sqlite
async def test_a_folder_of_a_newer_version_is_refused_and_not_touched(tmp_path: Path) -> None:
    async with await Database.open(tmp_path) as database, database.write() as connection:
        await connection.execute(insert(inbox).values(entry("kept")))
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    before = fingerprint(tmp_path)
    for _ in range(2):
        with pytest.raises(Unavailable) as error:
            await Database.open(tmp_path)
        refused(error, "storage.newer", tmp_path)
    assert fingerprint(tmp_path) == before


@pytest.mark.sqlite
async def test_a_file_that_is_no_database_is_refused_and_not_touched(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"my holiday pictures" * 100)
    with pytest.raises(Unavailable) as error:
        await Database.open(tmp_path)
    refused(error, "storage.unusable", tmp_path)
    assert (tmp_path / FILE).read_bytes() == b"my holiday pictures" * 100


async def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file in the way")
    with pytest.raises(Unavailable) as error:
        await Database.open(tmp_path / "data")
    refused(error, "storage.unusable", tmp_path / "data")


@pytest.mark.sqlite
async def test_a_migration_cut_short_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.storage import migrations

    whole = migrations.upgrade

    def half(connection: object) -> None:
        whole(connection)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(migrations, "upgrade", half)
    with pytest.raises(KeyboardInterrupt):
        await Database.open(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    monkeypatch.undo()
    async with await Database.open(tmp_path) as database:
        assert await keys(database) == set()


@pytest.mark.sqlite
def test_opening_an_up_to_date_folder_does_not_load_the_migration_tool(tmp_path: Path) -> None:
    opening = (
        "import asyncio, sys; from pathlib import Path; from core.storage.database import Database\n"
        "async def main(): await (await Database.open(Path(sys.argv[1]))).close()\n"
        "asyncio.run(main()); print('alembic' in sys.modules)"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", opening, str(tmp_path)], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert said == ["True\n", "False\n"]


# --- transactions --------------------------------------------------------------------------------


async def test_a_write_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.write() as connection:
            await connection.execute(insert(inbox).values(entry("lost")))
            raise RuntimeError
    assert await keys(database) == set()


async def test_a_write_that_is_cancelled_leaves_nothing_and_blocks_nobody(database: Database) -> None:
    inside = asyncio.Event()

    async def slow() -> None:
        async with database.write() as connection:
            await connection.execute(insert(inbox).values(entry("lost")))
            inside.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(slow())
    await inside.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with database.write() as connection:
        await connection.execute(insert(inbox).values(entry("kept")))
    assert await keys(database) == {"kept"}


async def test_writers_wait_for_each_other_and_readers_for_nobody(database: Database) -> None:
    async def write(n: int) -> None:
        async with database.write() as connection:
            n_before = len((await connection.execute(select(inbox.c.key))).all())
            await asyncio.sleep(0)
            await connection.execute(insert(inbox).values(entry(f"{n_before}")))

    async with database.write() as connection:
        await connection.execute(insert(inbox).values(entry("first")))
        assert await keys(database) == set()
    await asyncio.gather(*(write(n) for n in range(30)))
    assert await keys(database) == {"first", *(str(n) for n in range(1, 31))}


async def test_reads_within_one_connection_see_one_moment(database: Database) -> None:
    async with database.read() as connection:
        before = (await connection.execute(select(inbox.c.key))).all()
        async with database.write() as other:
            await other.execute(insert(inbox).values(entry("later")))
        assert (await connection.execute(select(inbox.c.key))).all() == before
    assert await keys(database) == {"later"}


async def test_a_document_needs_its_space(database: Database) -> None:
    values = {"space_id": "nowhere", "title": "", "content_hash": "", "kind": "", "language": "en", "text": ""}
    now = datetime.now(UTC)
    with pytest.raises(IntegrityError):
        async with database.write() as connection:
            await connection.execute(
                insert(documents).values(n_chars=0, status="approved", created_at=now, updated_at=now, **values)
            )


async def test_a_moment_without_a_time_zone_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match="without a time zone"):
        async with database.write() as connection:
            await connection.execute(insert(inbox).values({**entry("x"), "seen_at": datetime(2026, 1, 1)}))  # noqa: DTZ001


# --- shape ---------------------------------------------------------------------------------------


async def test_the_migrations_lead_to_the_schema(database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    def differences(connection: object) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})  # type: ignore[arg-type]
        found = compare_metadata(context, metadata)
        # Comments are for readers of the schema; SQLite keeps none.
        return [each for each in found if not (isinstance(each, list) and each[0][0] == "modify_comment")]

    async with database.read() as connection:
        assert await connection.run_sync(differences) == []


def test_every_migration_is_known_in_order() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    from core.storage.migrations import SCRIPTS

    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    scripts = ScriptDirectory.from_config(config).walk_revisions()
    assert [script.revision for script in scripts][::-1] == list(REVISIONS)


def test_the_schema_is_one_that_postgresql_takes_too() -> None:
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.schema import CreateIndex, CreateTable

    made = [str(CreateTable(table).compile(dialect=postgresql.dialect())) for table in metadata.sorted_tables]
    made += [
        str(CreateIndex(index).compile(dialect=postgresql.dialect()))
        for table in metadata.sorted_tables
        for index in table.indexes
    ]
    assert "BIGSERIAL" in "".join(made)
    assert not [statement for statement in made if "AUTOINCREMENT" in statement.upper()]


async def test_many_at_once_share_few_connections_and_all_get_their_turn(tmp_path: Path) -> None:
    async with await Database.open(tmp_path) as database:
        opened: list[object] = []
        event.listen(database.engine._engine.sync_engine, "connect", lambda connection, _: opened.append(connection))

        async def look() -> int:
            async with database.read() as connection:
                return int((await connection.execute(text("SELECT 1"))).scalar_one())

        assert await asyncio.gather(*(look() for _ in range(60))) == [1] * 60
        assert len(opened) <= 6  # opening one for each would take longer than all the work


async def test_writes_together_are_one_transaction(tmp_path: Path) -> None:
    async with await Database.open(tmp_path) as database:
        await database.write_all([text("CREATE TABLE t (n INTEGER UNIQUE)"), text("INSERT INTO t VALUES (1), (2)")])
        assert await database.write_all([text("UPDATE t SET n = n + 10"), text("DELETE FROM t WHERE n = 11")]) == [2, 1]
        with pytest.raises(DBAPIError):
            await database.write_all([text("INSERT INTO t VALUES (7)"), text("INSERT INTO t VALUES (12)")])
        assert [row.n for row in await database.rows(text("SELECT n FROM t"))] == [12]


# --- power cuts ----------------------------------------------------------------------------------

NORMAL, FULL = 1, 2


@pytest.mark.sqlite
async def test_nobody_writes_while_a_cancelled_write_goes_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its thread cannot be stopped, and the next writer would find the file locked."""
    write_all, begun, may_end = sqlite_module._write_all, threading.Event(), threading.Event()

    def slowly(engine: Any, statements: Any, fence: Any) -> list[int]:
        begun.set()
        may_end.wait()
        return write_all(engine, statements, fence)

    monkeypatch.setattr(sqlite_module, "_write_all", slowly)
    first = asyncio.create_task(database.write_all([]))
    await asyncio.to_thread(begun.wait)
    first.cancel()
    monkeypatch.setattr(sqlite_module, "_write_all", write_all)
    second = asyncio.create_task(database.write_all([]))
    await asyncio.wait([second], timeout=0.05)
    assert not second.done()
    may_end.set()
    assert await second == []
    assert (await asyncio.gather(first, return_exceptions=True))[0].__class__ is asyncio.CancelledError


@pytest.mark.sqlite
async def test_a_durable_commit_waits_for_the_disk_and_the_next_one_need_not(tmp_path: Path) -> None:
    async with await Database.open(tmp_path) as database:
        for n, (opened, level) in enumerate(((database.write_durably, FULL), (database.write, NORMAL)) * 2):
            async with opened() as connection:
                assert (await connection.exec_driver_sql("PRAGMA synchronous")).scalar_one() == level
                await connection.execute(insert(inbox).values(entry(f"{level} {n}")))


@pytest.mark.sqlite
async def test_accepted_messages_and_thumbs_are_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.storage.answers import Answers, NewAnswer
    from core.storage.delivery.inbox import Inbox
    from core.types import Confidence, Decision, SpaceId
    from tests.fakes import message

    async with await Database.open(tmp_path) as database:
        decision = Decision("local", Confidence(0.9, 0.5))
        new = NewAnswer(SpaceId("discord:1"), "code", "here", "When?", "en", (), decision, "At nine.", "extract")
        number = await Answers(database).record(new)
        levels: list[int] = []

        def note(connection: Any) -> None:
            levels.append(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())

        for engine in (database.engine._engine.sync_engine, database.engine._direct):
            event.listen(engine, "commit", note)
        assert await Inbox(database).accept(message("When?", key="1"))
        await Answers(database).rate(SpaceId("discord:1"), number, "code", "up")
        assert levels == [FULL, FULL]
