"""``aion upgrade``: an empty folder gets this version's tables, a database of a newer version is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from bot.operator.upgrade import upgrade_database
from core.errors import Unavailable
from core.storage.database import Database
from core.storage.migrations import REVISIONS


async def test_it_brings_the_tables_and_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AION_DATA_DIR", str(tmp_path))
    for _ in range(2):
        await upgrade_database()
        assert f"revision {REVISIONS[-1]}" in capsys.readouterr().out
    async with await Database.open(tmp_path) as database:
        assert await database.engine.revision() == REVISIONS[-1]
        async with database.write() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Unavailable):
        await upgrade_database()
