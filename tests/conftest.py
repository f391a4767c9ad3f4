"""What tests of every part share."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from core.storage import database as database_module
from core.storage.database import FILE, Database
from core.storage.engines import sqlite as sqlite_module
from tests.parser import InProcessParser
from tests.postgres import ON_POSTGRES, PostgresServer, postgres_server

os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # as in core.models.heavy_imports, before a test imports torch itself
os.environ.setdefault("OMP_NUM_THREADS", "1")  # `make test` runs one test on each processor

settings.register_profile("aion", deadline=None)  # a busy machine makes no property false
settings.load_profile("aion")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what is about SQLite's file where there is none."""
    if ON_POSTGRES:
        for item in items:
            if item.get_closest_marker("sqlite"):
                item.add_marker(pytest.mark.skip(reason="about SQLite's file"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Return a PostgreSQL server, and in it a database with AION's tables and no rows (``tests.postgres.TEMPLATE``)."""
    with postgres_server() as server:
        yield server


if ON_POSTGRES:

    @pytest.fixture(autouse=True)
    def data_folders_on_postgres(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Give every data folder a database on the server, as the setting AION_DATABASE_URL would."""
        connect = database_module.connect
        monkeypatch.setattr(
            database_module, "connect", lambda folder, url: connect(folder, url or postgres.of_folder(folder))
        )
        yield
        postgres.clear()


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the default models are converted to, once for all tests that load a real one.

    The processes that pytest-xdist runs tests in share it: a conversion is made under a lock (``ensure_converted``).
    """
    here = tmp_path_factory.getbasetemp()
    folder = (here.parent if "PYTEST_XDIST_WORKER" in os.environ else here) / "models"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def data_dir(tmp_path: Path, models_dir: Path) -> Path:
    """Return a new data folder whose models are the shared ones."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "models").symlink_to(models_dir)
    return folder


@pytest.fixture(scope="session", autouse=True)
def new_databases_are_copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pytest.MonkeyPatch]:
    """Let every database that is opened for the first time in this process begin as a copy of one that was migrated.

    Migrating one takes ten times the processor time of opening one. ``migrated_anew`` is for tests of just that.
    """
    first = tmp_path_factory.mktemp("migrated")
    asyncio.run(_migrate(first))
    read_revision = sqlite_module.read_revision

    def copy_and_read(path: Path) -> str | None:
        if not path.exists():
            shutil.copy(first / FILE, path)
        return read_revision(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite_module, "read_revision", copy_and_read)
        yield patch


async def _migrate(folder: Path) -> None:
    async with await Database.open(folder):
        pass


@pytest.fixture
def migrated_anew(new_databases_are_copies: pytest.MonkeyPatch) -> Iterator[None]:
    """Let databases of this test be made as AION makes them, by its migrations."""
    copying = sqlite_module.read_revision
    new_databases_are_copies.undo()
    yield
    new_databases_are_copies.setattr(sqlite_module, "read_revision", copying)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Return a new database."""
    async with await Database.open(tmp_path) as database:
        yield database


@pytest.fixture
def parsed_in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the AION of this test read documents without a sandbox, whose process takes longer to start than the rest.

    For tests of what is done with what was read. The sandboxes have their own (``core/sandbox``,
    ``core/knowledge/parsing``), and in ``tests/e2e`` and the scenarios about files AION reads in them.
    """
    monkeypatch.setattr("core.assembly.library.SandboxedParser", lambda sandboxes, unreadable: InProcessParser())
