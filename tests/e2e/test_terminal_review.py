"""A theme learned in the terminal, and review there, also beside an AION that runs."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import httpx
import pytest
from process import aion, running
from test_health import free_port
from test_learn import searxng

from tests.core.curation.site import as_page, serving
from tests.e2e.telegram_server import TelegramServer
from tests.pages import ARTICLES

pytestmark = [pytest.mark.timeout(180), pytest.mark.slow]

THEME = "opening hours of the library"


async def test_a_theme_is_searched_and_what_it_brings_is_decided_on_beside_a_running_aion(tmp_path: Path) -> None:
    async with TelegramServer() as telegram, serving() as site, searxng(site, "/library", "/gone") as search:
        site.pages = {f"/{name}": as_page(article.title, article.text) for name, article in ARTICLES.items()}
        settings = {"AION_SEARXNG_URL": search, "AION_FETCH_ALLOW": site.host}
        learned = await aion(tmp_path, "learn", THEME, module="tests.e2e.quick_chat", **settings)
        assert learned.status == 0, learned.err
        for said in ("2 pages read", "waits for approval as #1", "/gone", "aion review list --space global"):
            assert said in learned.out
        chat = {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API_BASE": telegram.url}
        port = free_port()
        chat |= {"AION_HEALTH_PORT": str(port), "AION_ADMIN_TOKEN": "a-made-up-token"}
        async with running(tmp_path, module="tests.e2e.quick_jobs", **chat) as run:
            await run.until_logged("running: telegram")
            await run.until_logged("/health")
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
                path, token = "/admin/review?space=global", {"Authorization": "Bearer a-made-up-token"}
                assert (await client.get(path)).status_code == 401
                assert [each["number"] for each in (await client.get(path, headers=token)).json()] == [1]
            assert "a-made-up-token" not in "".join(run.log)
            listed = await aion(tmp_path, "review", "list")
            assert site.url("/library") in listed.out
            assert "opens at nine" in listed.out
            rejected = await aion(tmp_path, "review", "reject", "1", "--reason", "out of date")
            assert "rejected #1" in rejected.out
            again = await aion(tmp_path, "review", "reject", "1")
            assert "had been rejected before" in again.out
            assert (await aion(tmp_path, "review", "approve", "7")).status == 1
            assert await run.stop() == 0, "".join(run.log)
        with sqlite3.connect(tmp_path / "aion.db") as connection:
            decided = connection.execute("SELECT status, reason FROM proposals").fetchall()
            assert decided == [("rejected", "out of date")]
            assert connection.execute("SELECT COUNT(*) FROM documents").fetchall() == [(0,)]
