"""A restore fills an empty folder whole or leaves it as it was, whatever the archive and whenever it is killed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from core.backup import restore as restoring
from core.backup.restore import SOUND, UNPACKED, restore
from core.backup.sqlite_snapshot import SqliteSnapshot
from core.errors import BadInput, Unavailable
from core.storage import migrations
from core.storage.database import FILE, Database
from core.storage.migrations import REVISIONS
from tests.backups import backups, fill, source, titles, unseen


@pytest.fixture
async def archive(tmp_path: Path) -> bytes:
    """Return a backup of a data folder."""
    await fill(tmp_path / "data", "Library")
    made = backups(tmp_path / "data", tmp_path / "kept").make(unseen)
    return (tmp_path / "kept" / made.name).read_bytes()


def put_back(archive: bytes, folder: Path) -> None:
    restore(source(archive), folder, SqliteSnapshot(folder), None, unseen)


async def test_a_folder_that_holds_data_is_left_alone(archive: bytes, tmp_path: Path) -> None:
    for name in (FILE, "person.key", "loras/v1/x", "gate/in_use"):
        folder = tmp_path / f"used {name.partition('/')[0]}"
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("mine")
        with pytest.raises(Unavailable, match="not_empty"):
            put_back(archive, folder)
        assert [path.name for path in folder.rglob("*") if path.is_file()] in (
            [Path(name).name],
            ["aion.lock", Path(name).name],
            [Path(name).name, "aion.lock"],
        )


async def test_a_folder_another_process_uses_is_left_alone(archive: bytes, tmp_path: Path) -> None:
    async with await Database.open(tmp_path / "used"):
        with pytest.raises(Unavailable, match=r"backup\.running"):
            put_back(archive, tmp_path / "used")


def test_a_refused_archive_leaves_nothing(archive: bytes, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        put_back(archive[:-30], tmp_path / "new")
    assert {path.name for path in (tmp_path / "new").iterdir()} <= {"aion.lock"}
    put_back(archive, tmp_path / "new")
    assert titles(tmp_path / "new") == ["Library"]


@pytest.mark.parametrize("n_moved", range(6))
def test_a_restore_that_is_killed_is_made_again(
    archive: bytes, tmp_path: Path, n_moved: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    moved = 0
    rename = Path.rename

    def until_killed(path: Path, target: Path) -> Path:
        nonlocal moved
        moved += 1
        if moved > n_moved:
            raise Killed
        return rename(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", until_killed)
        patched.setattr(restoring.shutil, "rmtree", lambda *_, **__: None)  # a killed process tidies nothing up
        with pytest.raises(Killed):
            put_back(archive, tmp_path / "new")
    assert (tmp_path / "new" / UNPACKED).exists() or (tmp_path / "new" / SOUND).exists()
    assert not (tmp_path / "new" / FILE).exists()
    put_back(archive, tmp_path / "new")
    assert titles(tmp_path / "new") == ["Library"]
    assert not (tmp_path / "new" / SOUND).exists()


async def test_a_backup_of_an_older_version_is_upgraded_when_it_is_opened(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    engine = create_engine(f"sqlite:///{tmp_path / 'old' / FILE}")
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", migrations.SCRIPTS)
        config.attributes["connection"] = connection
        command.upgrade(config, REVISIONS[0])
    engine.dispose()
    made = backups(tmp_path / "old", tmp_path / "kept").make(unseen)
    put_back((tmp_path / "kept" / made.name).read_bytes(), tmp_path / "new")
    async with await Database.open(tmp_path / "new"):
        pass
    with sqlite3.connect(tmp_path / "new" / FILE) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(REVISIONS[-1],)]


async def test_a_backup_of_a_newer_schema_is_refused(tmp_path: Path) -> None:
    await fill(tmp_path / "data", "Library")
    with sqlite3.connect(tmp_path / "data" / FILE) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    made = backups(tmp_path / "data", tmp_path / "kept").make(unseen)
    with pytest.raises(Unavailable, match="newer"):
        put_back((tmp_path / "kept" / made.name).read_bytes(), tmp_path / "new")
    assert not (tmp_path / "new" / FILE).exists()
