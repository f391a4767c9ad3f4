"""A copy of a SQLite database at one point in time, taken while other processes read and write it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadInput, Unavailable
from core.storage.database import FILE
from core.storage.engines import sqlite
from core.storage.migrations import REVISIONS


@dataclass(frozen=True, slots=True)
class SqliteSnapshot:
    """Copies of the database in ``data_dir`` (``core.backup.snapshot.DatabaseSnapshot``). Methods block."""

    data_dir: Path
    kind: str = "sqlite"
    member: str = FILE

    def take(self, target: Path) -> str:
        """Copy the database to the file ``target`` and return its schema revision.

        SQLite's backup interface copies within one read transaction: writers go on, and none of their changes is in
        part there. Raises ``Unavailable`` when the database cannot be read.
        """
        if self.is_empty() or not (self.data_dir / FILE).stat().st_size:
            raise Unavailable("backup.nothing", folder=self.data_dir)
        try:
            with closing(sqlite3.connect(self.data_dir / FILE)) as source, closing(sqlite3.connect(target)) as copy:
                source.execute("PRAGMA busy_timeout=5000")
                source.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE")  # one file, whatever the mode of the original
            revision = sqlite.read_revision(target)
        except (sqlite3.Error, OSError) as error:
            raise Unavailable("storage.unusable", folder=self.data_dir, problem=error) from error
        if revision is None:
            raise Unavailable("backup.nothing", folder=self.data_dir)
        return revision

    def check(self, copy: Path) -> None:
        """Raise ``BadInput`` when a copy is damaged, ``Unavailable`` when a newer version of AION made it."""
        try:
            revision = sqlite.read_revision(copy)
            with closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
                problem = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        except sqlite3.DatabaseError as error:
            problem, revision = str(error), None
        if problem != "ok":
            raise BadInput("backup.damaged", problem=problem.splitlines()[0][:100])
        if revision not in REVISIONS:
            raise Unavailable("backup.newer", version=revision or "?")

    def is_empty(self) -> bool:
        """Return whether the data folder has no database."""
        return not (self.data_dir / FILE).exists()

    def require_empty(self) -> None:
        """Raise ``Unavailable`` when the data folder has a database."""
        if not self.is_empty():
            raise Unavailable("backup.not_empty", folder=self.data_dir, name=FILE)

    def restore(self, copy: Path) -> None:
        """Move a copy into the data folder. Raises ``OSError``."""
        copy.rename(self.data_dir / FILE)
