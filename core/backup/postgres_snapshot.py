"""A copy of a PostgreSQL database at one point in time, by the server's own tools (``pg_dump``, ``pg_restore``)."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from core.child_environment import child_environment
from core.errors import BadInput, Unavailable
from core.storage.database import connect
from core.storage.engines.postgres_driver import parse_url, public_address
from core.storage.engines.postgres_graphs import PREFIX
from core.storage.migrations import REVISIONS
from core.storage.schema import metadata

_VERSION_TABLE = "alembic_version"
_VERSION = re.compile(rf"^COPY [^\n]*\b{_VERSION_TABLE}\b[^\n]*\n(?P<revision>\w+)\n", re.MULTILINE)

_GRAPH = re.compile(rf"^\d[^\n]* INDEX \S+ {PREFIX}[^\n]*\n", re.MULTILINE)
"""A graph in the list of a dump's contents."""

_WAIT = "--lock-wait-timeout=60s"
"""A table that is being changed, by an upgrade say, is waited for so long."""

_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}
"""Parts of an address as the tools read them from the environment, which other users of the machine cannot list."""


class PostgresSnapshot:
    """Copies of AION's tables in the database ``url`` (``core.backup.snapshot.DatabaseSnapshot``). Methods block.

    Whatever else is in the database is left out. Graphs are not restored: AION builds them again while it is asked.
    """

    kind = "postgresql"
    member = "aion.dump"

    def __init__(self, data_dir: Path, url: str) -> None:
        """Work with the database of ``data_dir``. Raises ``Unavailable`` when ``url`` is no address."""
        self._data_dir = data_dir
        self._url = url
        self._address = parse_url(url)

    def take(self, target: Path) -> str:
        """Dump the tables to the file ``target`` and return their schema revision.

        ``pg_dump`` reads within one transaction that sees one point in time; others go on. Raises ``Unavailable`` when
        the tool is missing, older than the server or fails, and when the database is not of this version's schema.
        """
        revision = self._revision()
        if revision != REVISIONS[-1]:
            raise Unavailable("backup.not_upgraded", revision=revision or "–")
        ours = ["--extension=vector", *(f"--table={name}" for name in (*metadata.tables, _VERSION_TABLE))]
        self._run("pg_dump", "--format=custom", "--no-comments", _WAIT, *ours, f"--file={target}")
        return revision

    def check(self, copy: Path) -> None:
        """Raise ``BadInput`` when a copy is damaged, ``Unavailable`` when a newer version of AION made it."""
        try:
            self._run("pg_restore", "--file=/dev/null", str(copy))  # reads all of it
            versions = self._run("pg_restore", "--data-only", f"--table={_VERSION_TABLE}", "--file=-", str(copy))
        except ToolFailed as failed:
            raise BadInput("backup.damaged", problem=failed.problem) from None
        found = _VERSION.search(versions)
        if found is None:
            raise BadInput("backup.damaged", problem=_VERSION_TABLE)
        if found["revision"] not in REVISIONS:
            raise Unavailable("backup.newer", version=found["revision"])

    def is_empty(self) -> bool:
        """Return whether AION's tables are not there yet. Raises ``Unavailable`` when that cannot be read."""
        return self._revision() is None

    def require_empty(self) -> None:
        """Raise ``Unavailable`` when AION's tables are there."""
        if not self.is_empty():
            raise Unavailable("backup.database_not_empty", database=public_address(self._url))

    def restore(self, copy: Path) -> None:
        """Make the tables of a copy in one transaction. Raises ``Unavailable`` when it fails; nothing is there then."""
        contents = self._run("pg_restore", "--list", str(copy))
        with tempfile.NamedTemporaryFile("w", suffix=".list", encoding="utf-8") as wanted:
            wanted.write(_GRAPH.sub("", contents))
            wanted.flush()
            options = ("--single-transaction", "--no-owner", "--no-privileges", f"--use-list={wanted.name}")
            self._run("pg_restore", *options, f"--dbname={self._address.database or ''}", str(copy))

    def _revision(self) -> str | None:
        async def read() -> str | None:
            engine = connect(self._data_dir, self._url)
            try:
                return await engine.revision()
            finally:
                await engine.close()

        return asyncio.run(read())

    def _run(self, tool: str, *arguments: str) -> str:
        """Return what a tool prints. Raises ``ToolFailed``, and ``Unavailable`` when it is not there."""
        path = shutil.which(tool)
        if path is None:
            raise Unavailable("backup.no_tool", tool=tool)
        environment = self._environment()
        done = subprocess.run(
            [path, *arguments], env=child_environment(**environment), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ToolFailed(tool, done.stderr)
        return done.stdout

    def _environment(self) -> Mapping[str, str]:
        address = self._address
        parts: dict[str, object] = {
            **address.query,
            "host": address.host or address.query.get("host"),
            "port": address.port or address.query.get("port"),
            "user": address.username,
            "password": address.password,
        }
        variables = {name: str(parts[part]) for part, name in _VARIABLES.items() if parts.get(part)}
        return {"PGDATABASE": address.database or "", "PGCONNECT_TIMEOUT": "10", **variables}


class ToolFailed(Unavailable):
    """One of PostgreSQL's tools failed; ``problem`` is the last line of what it said."""

    def __init__(self, tool: str, said: str) -> None:
        lines = said.strip().splitlines() or [""]
        self.problem = lines[-1].removeprefix(f"{tool}: ")[:200]
        super().__init__("backup.tool_failed", tool=tool, problem=self.problem)
