"""A dashboard for each test, and one that the tests of a module share, each in a space of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio

from core.types import SpaceId
from tests.dashboard import Site, open_site

_NUMBERS = count(100)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path) as site:
        yield site


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with open_site(tmp_path_factory.mktemp("shared")) as site:
        yield site


@pytest.fixture
def space() -> SpaceId:
    return SpaceId(f"discord:{next(_NUMBERS)}")
