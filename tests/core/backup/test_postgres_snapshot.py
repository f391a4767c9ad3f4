"""A database on PostgreSQL in an archive and back, by the server's own tools."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.backup.backups import Backups, verify
from core.backup.places import FolderPlace
from core.backup.postgres_snapshot import PostgresSnapshot
from core.backup.restore import restore
from core.errors import BadInput, Unavailable
from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.engines import postgres_graphs
from tests.backups import SPACE, source, unseen
from tests.postgres import PostgresServer, server_tools
from tests.stored import embedded, new_document

NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def tools() -> Iterator[None]:
    """Have the server's tools found."""
    with server_tools():
        yield


@pytest.fixture
def empty(postgres: PostgresServer) -> Iterator[str]:
    """Return the address of a database without tables."""
    postgres.run("postgres", "CREATE DATABASE restored")
    yield postgres.url("restored")
    postgres.run("postgres", "DROP DATABASE restored WITH (FORCE)")


@pytest.fixture
async def url(postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of a database with a document and a graph, and a table that is not AION's."""
    monkeypatch.setattr(postgres_graphs, "N_EXACT", 0)
    name = f"backed_up_{next(NUMBERS)}"
    address = postgres.make(name)
    async with await Database.open(tmp_path / "data", address) as database:
        document = new_document("Library", "The library opens at nine.")
        await Documents(database).store(SPACE, document, embedded("The library opens at nine."))
        assert await database.engine.tend_vectors() == 1
    postgres.run(name, "CREATE TABLE IF NOT EXISTS neighbours (id integer)", "SELECT 1")
    (tmp_path / "data" / "person.key").write_text("k" * 32)
    return address


@pytest.fixture
async def archive(url: str, tmp_path: Path) -> bytes:
    """Return a backup of it."""
    place = FolderPlace(tmp_path / "kept")
    backups = Backups(tmp_path / "data", PostgresSnapshot(tmp_path / "data", url), b"AION_TAU=0.5\n", place)
    made = await asyncio.to_thread(backups.make, unseen)
    return (tmp_path / "kept" / made.name).read_bytes()


async def put_back(archive: bytes, folder: Path, url: str) -> None:
    await asyncio.to_thread(restore, source(archive), folder, PostgresSnapshot(folder, url), None, unseen)


async def test_a_restored_database_holds_what_it_held_and_nothing_of_others(
    archive: bytes, url: str, empty: str, tmp_path: Path, postgres: PostgresServer
) -> None:
    await asyncio.to_thread(verify, source(archive), PostgresSnapshot(tmp_path, url), None, unseen)
    await put_back(archive, tmp_path / "new", empty)
    async with await Database.open(tmp_path / "new", empty) as database:
        assert [document.title for document in await Documents(database).list(SPACE)] == ["Library"]
        await Documents(database).store(SPACE, new_document("Kiln", "Hot."), embedded("Hot."))  # ids go on
    found = postgres.run("restored", "SELECT relname FROM pg_class WHERE relname LIKE 'graph\\_%'")
    assert found == postgres.run("restored", "SELECT relname FROM pg_class WHERE relname = 'neighbours'") == []
    assert (tmp_path / "new" / "person.key").read_text() == "k" * 32
    with pytest.raises(Unavailable, match="database_not_empty"):
        await put_back(archive, tmp_path / "newer", empty)


async def test_a_restore_that_fails_leaves_nothing(
    archive: bytes, empty: str, tmp_path: Path, postgres: PostgresServer
) -> None:
    postgres.run("restored", "CREATE TABLE documents (id integer)", "SELECT 1")  # somebody else's
    with pytest.raises(Unavailable, match="tool_failed"):
        await put_back(archive, tmp_path / "new", empty)
    assert {path.name for path in (tmp_path / "new").iterdir()} <= {"aion.lock"}
    postgres.run("restored", "DROP TABLE documents", "SELECT 1")
    await put_back(archive, tmp_path / "new", empty)


async def test_a_damaged_dump_and_a_missing_tool_are_told(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = PostgresSnapshot(tmp_path, url)
    dump = tmp_path / "aion.dump"
    await asyncio.to_thread(snapshot.take, dump)
    snapshot.check(dump)
    dump.write_bytes(dump.read_bytes()[:-2000])
    with pytest.raises(BadInput, match="damaged"):
        snapshot.check(dump)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="no_tool"):
        snapshot.check(dump)


async def test_the_password_is_no_argument_of_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    tool = tmp_path / "pg_dump"
    tool.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\necho "$PGPASSWORD" > {tmp_path}/password\n')
    tool.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with_password = url.replace("aion@", "aion:made-up-password@")
    await asyncio.to_thread(PostgresSnapshot(tmp_path, with_password).take, tmp_path / "aion.dump")
    assert (tmp_path / "password").read_text().strip() == "made-up-password"
    assert "made-up-password" not in (tmp_path / "arguments").read_text()
