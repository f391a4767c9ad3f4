from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.storage.database import Database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with await Database.open(tmp_path) as database:
        yield database
