"""A copy of a SQLite database is one file of one moment, and is told from a damaged one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from core.backup.sqlite_snapshot import SqliteSnapshot
from core.errors import BadInput, Unavailable
from core.storage.database import FILE
from core.storage.migrations import REVISIONS
from tests.backups import fill


async def test_a_copy_holds_what_is_committed_and_not_what_is_being_written(tmp_path: Path) -> None:
    await fill(tmp_path, "Library")
    writing = sqlite3.connect(tmp_path / FILE)
    try:
        writing.execute("BEGIN IMMEDIATE")
        writing.execute("DELETE FROM passages")
        assert SqliteSnapshot(tmp_path).take(tmp_path / "copy") == REVISIONS[-1]
    finally:
        writing.close()
    SqliteSnapshot(tmp_path).check(tmp_path / "copy")
    with sqlite3.connect(tmp_path / "copy") as copy:
        assert copy.execute("SELECT COUNT(*) FROM passages").fetchone() == (2,)
    assert not (tmp_path / "copy-wal").exists()


def test_without_a_database_there_is_nothing_to_copy(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="nothing"):
        SqliteSnapshot(tmp_path).take(tmp_path / "copy")
    assert not list(tmp_path.iterdir())


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    for name, data in (("text", b"notes" * 1000), ("empty", b"")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises((BadInput, Unavailable)):
            SqliteSnapshot(tmp_path).check(tmp_path / name)
