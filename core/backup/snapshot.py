"""The seam between backups and databases: how one point in time of a database becomes a file, and is checked."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class DatabaseSnapshot(Protocol):
    """Copies of one database. Methods block."""

    @property
    def kind(self) -> str:
        """Return the kind of database, as the header of an archive names it."""
        ...

    @property
    def member(self) -> str:
        """Return the name of the copy in an archive."""
        ...

    def take(self, target: Path) -> str:
        """Write a copy of one point in time to the file ``target``, while others write; return its schema revision.

        Raises ``Unavailable`` when the database cannot be read.
        """
        ...

    def check(self, copy: Path) -> None:
        """Raise ``BadInput`` when a copy is damaged, ``Unavailable`` when a newer version of AION made it."""
        ...

    def is_empty(self) -> bool:
        """Return whether the database is not there yet. Raises ``Unavailable`` when that cannot be read."""
        ...

    def require_empty(self) -> None:
        """Raise ``Unavailable`` when the database is there."""
        ...

    def restore(self, copy: Path) -> None:
        """Make the database, which is not there yet, of a copy that was checked; the file may be gone then.

        Raises ``Unavailable`` or ``OSError`` when that fails, and then nothing is there.
        """
        ...
