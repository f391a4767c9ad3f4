"""What tests of every part share."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import settings

from core.storage.database import Database

os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # as in core.models.heavy_imports, before a test imports torch itself

settings.register_profile("aion", deadline=None)  # a busy machine makes no property false
settings.load_profile("aion")


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the default models are converted to, once for all tests that load a real one."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def data_dir(tmp_path: Path, models_dir: Path) -> Path:
    """Return a new data folder whose models are the shared ones."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "models").symlink_to(models_dir)
    return folder


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Return a new database."""
    async with await Database.open(tmp_path) as database:
        yield database
