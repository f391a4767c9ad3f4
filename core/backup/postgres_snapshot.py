"""A database on a PostgreSQL server, which is backed up where it is, with the server's own tools."""

from __future__ import annotations

from pathlib import Path

from core.errors import Unavailable


class PostgresSnapshot:
    """Refuses copies (``core.backup.snapshot.DatabaseSnapshot``) and names the tool that makes them."""

    kind = "postgresql"
    member = "aion.dump"

    def n_bytes(self) -> int:
        """Return 0: the database is not in the data folder."""
        return 0

    def take(self, target: Path) -> str:
        """Raise ``Unavailable``, naming ``pg_dump``."""
        raise Unavailable("backup.postgresql")

    def check(self, copy: Path) -> None:
        """Raise ``Unavailable``, naming ``pg_dump``."""
        raise Unavailable("backup.postgresql")
