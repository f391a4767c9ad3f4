"""Data folders and archives made by hand, for tests of backups."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from io import BufferedReader, BytesIO
from pathlib import Path

from core.backup.archive import Advance
from core.backup.backups import Backups
from core.backup.places import FolderPlace
from core.backup.sqlite_snapshot import SqliteSnapshot
from core.storage.database import FILE, Database
from core.storage.documents import Documents
from core.types import SpaceId
from tests.stored import embedded, new_document

SPACE = SpaceId("terminal:ana")


def unseen(n_bytes: int) -> Advance:
    """Take no notice of progress."""
    return lambda n_done: None


async def fill(data_dir: Path, *titles: str) -> None:
    """Make a data folder with a document for each title, a key, gate and LoRA versions, and what can be made again."""
    async with await Database.open(data_dir) as database:
        for title in titles:
            await Documents(database).store(
                SPACE, new_document(title, f"{title}. Words."), embedded(f"{title}.", "Words.")
            )
    files = {
        "person.key": "k" * 32,
        "gate/in_use": "2",
        "gate/v0001.json": "{}",
        "gate/v0002.json": '{"replaces": 1}',
        "loras/registry.json": '{"promoted": "v1"}',
        "loras/v1/adapter_config.json": "{}",
        "loras/v1/adapter_model.safetensors": "weights" * 1000,
        "loras/v1/merged/model.gguf": "made again",
        "rewards/v0001.json": "{}",
        "training/runs.jsonl": "{}\n",
        "training/2026/sft.jsonl": "an export",
        "indexes/terminal/dense.faiss": "made again",
        "aion.log": "a log",
    }
    for name, text in files.items():
        path = data_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def backups(data_dir: Path, folder: Path, recipient: str = "") -> Backups:
    """Return the backups of a data folder in another folder."""
    return Backups(data_dir, SqliteSnapshot(data_dir), b"AION_TAU=0.5\n", FolderPlace(folder), recipient)


def source(data: bytes) -> BufferedReader:
    """Return bytes as a file that is read."""
    return BufferedReader(BytesIO(data))  # type: ignore[type-var]


def titles(data_dir: Path) -> list[str]:
    """Return the titles of the documents in a data folder's database."""
    with closing(sqlite3.connect(data_dir / FILE)) as connection:
        return [title for (title,) in connection.execute("SELECT title FROM documents ORDER BY title")]
