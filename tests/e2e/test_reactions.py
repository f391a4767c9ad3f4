"""A reaction to an answer that an earlier process gave counts as its button would."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from process import running

from tests.e2e.telegram_server import TelegramServer

pytestmark = pytest.mark.timeout(180)


async def test_a_reaction_counts_after_a_restart(tmp_path: Path) -> None:
    async with TelegramServer() as server:
        ana = server.person("Ana")
        group = server.group("Library", admins=[server.me])
        settings = {"TELEGRAM_TOKEN": server.token, "TELEGRAM_API_BASE": server.url}
        async with running(tmp_path, module="tests.e2e.quick_aion", **settings) as run:
            server.say(group, ana, "@aion_bot When do you open?")
            shown = await server.wait_for_message(lambda m: m.text.startswith("Echo"), 60)
            await until(lambda: rows(tmp_path, "SELECT 1 FROM inbox WHERE state = 'closed'"))
            await run.kill()
        async with running(tmp_path, module="tests.e2e.quick_aion", **settings):
            server.react(shown, ana, "👍")
            await until(lambda: rows(tmp_path, "SELECT thumb FROM ratings"))
        assert rows(tmp_path, "SELECT thumb FROM ratings") == [("up",)]


def rows(data_dir: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(data_dir / "aion.db") as connection:
        return connection.execute(query).fetchall()


async def until(holds) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 (another process writes it)
            await asyncio.sleep(0.05)
