"""Backups hold all that cannot be made again, of one moment, and no secret."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from pathlib import Path

import pyrage
import pytest
from filelock import FileLock
from pydantic import SecretStr

from core.backup.backups import WORK, verify
from core.backup.contents import public_settings
from core.backup.restore import restore
from core.backup.sqlite_snapshot import SqliteSnapshot
from core.errors import BadInput, Unavailable
from core.settings import Settings
from core.storage.database import FILE, Database
from core.storage.documents import Documents
from tests.backups import SPACE, backups, fill, source, titles, unseen
from tests.stored import embedded, new_document


def restored(tmp_path: Path, archive: Path, name: str = "new", identity: Path | None = None) -> Path:
    with archive.open("rb") as file:
        restore(file, tmp_path / name, SqliteSnapshot(tmp_path / name), identity, unseen)
    return tmp_path / name


def contents(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


async def test_everything_that_cannot_be_made_again_is_restored(tmp_path: Path) -> None:
    await fill(tmp_path / "data", "Library", "Kitchen")
    made = backups(tmp_path / "data", tmp_path / "kept").make(unseen)
    new = restored(tmp_path, tmp_path / "kept" / made.name)
    assert titles(new) == ["Kitchen", "Library"]
    lost = {"loras/v1/merged/model.gguf", "training/2026/sft.jsonl", "indexes/terminal/dense.faiss", "aion.log"}
    assert contents(new) - {"settings.env"} == contents(tmp_path / "data") - lost - {f"{WORK}.lock"}
    for name in contents(new) - {"settings.env", "aion.lock", FILE}:
        assert (new / name).read_bytes() == (tmp_path / "data" / name).read_bytes()
    async with await Database.open(new):
        pass


async def test_a_backup_while_others_write_is_of_one_moment(tmp_path: Path) -> None:
    """A document and its passages commit together, so every document in a backup has its passages."""
    await fill(tmp_path / "data", "Library")
    keeper, done = backups(tmp_path / "data", tmp_path / "kept"), asyncio.Event()

    async def write() -> int:
        async with await Database.open(tmp_path / "data") as database:
            n = 0
            while not done.is_set():
                n += 1
                await Documents(database).store(SPACE, new_document(f"d{n}", f"d{n}"), embedded(f"d{n}", "and more"))
        return n

    writing = asyncio.create_task(write())
    await asyncio.sleep(0)
    names = [(await asyncio.to_thread(keeper.make, unseen)).name for _ in range(4)]
    done.set()
    assert await writing > 0
    for number, name in enumerate(names):
        new = restored(tmp_path, tmp_path / "kept" / name, f"new{number}")
        with sqlite3.connect(new / FILE) as connection:
            counts = connection.execute("SELECT COUNT(*) FROM passages GROUP BY document_id").fetchall()
            assert counts and set(counts) == {(2,)}


async def test_an_encrypted_backup_is_verified_and_restored_with_its_key(tmp_path: Path) -> None:
    await fill(tmp_path / "data", "Library")
    key = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(str(key))
    made = backups(tmp_path / "data", tmp_path / "kept", str(key.to_public())).make(unseen)
    archive = tmp_path / "kept" / made.name
    assert archive.suffix == ".age"
    assert titles(restored(tmp_path, archive, identity=tmp_path / "key")) == ["Library"]
    with archive.open("rb") as file, pytest.raises(BadInput, match="encrypted"):
        verify(file, SqliteSnapshot(tmp_path), None, unseen)
    torn = source(archive.read_bytes()[:-20])
    with pytest.raises(BadInput, match="undecryptable"):
        verify(torn, SqliteSnapshot(tmp_path), tmp_path / "key", unseen)


async def test_verifying_finds_a_damaged_database_behind_right_checksums(tmp_path: Path) -> None:
    await fill(tmp_path / "data", *(f"Document {n}" for n in range(20)))
    keeper = backups(tmp_path / "data", tmp_path / "kept")
    with (tmp_path / "kept" / keeper.make(unseen).name).open("rb") as file:
        assert verify(file, SqliteSnapshot(tmp_path), None, unseen).database == "sqlite"

    class Damaging(SqliteSnapshot):
        def take(self, target: Path) -> str:
            revision = super().take(target)
            data = bytearray(target.read_bytes())
            data[8192:12288] = b"\x0d" + b"\xff" * 4095
            target.write_bytes(data)
            return revision

    damaged = backups(tmp_path / "data", tmp_path / "damaged")
    broken = type(damaged)(damaged.data_dir, Damaging(damaged.data_dir), b"", damaged.place)
    with (tmp_path / "damaged" / broken.make(unseen).name).open("rb") as file, pytest.raises(BadInput, match="damaged"):
        verify(file, SqliteSnapshot(tmp_path), None, unseen)


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    for data in (b"", b"hello", b"PK\x03\x04" * 20):
        with pytest.raises(BadInput, match="foreign"):
            verify(source(data), SqliteSnapshot(tmp_path), None, unseen)


def test_an_empty_data_folder_has_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="nothing"):
        backups(tmp_path, tmp_path / "kept").make(unseen)
    assert not (tmp_path / "kept").exists()


async def test_one_backup_at_a_time_and_a_killed_one_leaves_nothing(tmp_path: Path) -> None:
    await fill(tmp_path / "data", "Library")
    keeper = backups(tmp_path / "data", tmp_path / "kept")
    with FileLock(tmp_path / "data" / f"{WORK}.lock"), pytest.raises(Unavailable, match="busy"):
        keeper.make(unseen)
    (tmp_path / "data" / WORK).mkdir()
    (tmp_path / "data" / WORK / FILE).write_bytes(b"half a copy")
    keeper.make(unseen)
    assert not (tmp_path / "data" / WORK).exists()


async def test_all_but_the_newest_are_deleted(tmp_path: Path) -> None:
    await fill(tmp_path / "data", "Library")
    keeper = backups(tmp_path / "data", tmp_path / "kept")
    assert keeper.latest() is None
    first = keeper.make(unseen)
    for day in range(1, 6):
        shutil.copy(tmp_path / "kept" / first.name, tmp_path / "kept" / f"aion-2026010{day}-000000Z.tar.zst")
    assert keeper.prune(3) == 3
    assert [backup.name for backup in keeper.list()][-1] == first.name
    assert keeper.latest() == first.made_at
    assert keeper.prune(0) == 2, "the last good one is never deleted"


def test_settings_are_kept_without_secrets() -> None:
    settings = Settings(  # type: ignore[call-arg]
        AION_TAU=0.5,
        AION_SEARXNG_URL="http://ana:made-up-password@127.0.0.1:8080",
        DISCORD_TOKEN=SecretStr("made-up-token"),
        AION_ADMIN_TOKEN=SecretStr("made-up-admin"),
    )
    text = public_settings(settings).decode()
    assert "AION_TAU=0.5\n" in text
    assert "AION_SEARXNG_URL=http://127.0.0.1:8080\n" in text
    assert "made-up" not in text
