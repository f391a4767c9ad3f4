"""A job of a real ``aion run`` that is killed in its middle goes on at the next start, and does nothing twice."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from process import aion, running

from tests.core.curation.site import Site, as_page, serving
from tests.e2e.telegram_server import TelegramServer
from tests.pages import ARTICLES

pytestmark = [pytest.mark.timeout(120), pytest.mark.slow]

QUICK = "tests.e2e.quick_jobs"


def rows(data_dir: Path, query: str) -> list[Any]:
    with sqlite3.connect(data_dir / "aion.db") as connection:
        return connection.execute(query).fetchall()


async def until(condition: Any) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 (it is another process that changes)
            await asyncio.sleep(0.05)


def publish(site: Site) -> None:
    """Let a feed announce six good pages, of which the fourth is held back by its server."""
    article = ARTICLES["library"]
    paths = [f"/story/{n}" for n in range(6)]
    for n, path in enumerate(paths):
        words = " ".join(f"{word}{n}" if len(word) > 4 and word.isalpha() else word for word in article.text.split(" "))
        site.pages[path] = as_page(f"{article.title} {n}", words)
    links = "".join(f"<item><link>{site.url(path)}</link></item>" for path in paths)
    site.feeds["/feed"] = f'<?xml version="1.0"?><rss version="2.0"><channel>{links}</channel></rss>'
    site.held = {"/story/3"}


async def test_a_look_that_is_killed_goes_on_and_brings_every_page_once(tmp_path: Path) -> None:
    async with TelegramServer() as telegram, serving() as site:
        publish(site)
        settings = {
            "TELEGRAM_TOKEN": telegram.token,
            "TELEGRAM_API_BASE": telegram.url,
            "AION_FETCH_ALLOW": site.host,
        }
        added = await aion(tmp_path, "watch", "add", site.url("/feed"), "--every", "1d", "--space", "telegram:-5")
        assert added.status == 0, added.err
        async with running(tmp_path, module=QUICK, **settings) as run:
            await until(lambda: site.served["/story/3"] == 1)
            await run.kill()
        assert rows(tmp_path, "SELECT finished_at FROM runs") == [(None,)]
        site.held = set()
        async with running(tmp_path, module=QUICK, **settings) as run:
            await until(lambda: "done" in [outcome for (outcome,) in rows(tmp_path, "SELECT outcome FROM runs")])
            listed = await aion(tmp_path, "jobs", "--json")
            assert next(job for job in listed.json if job["name"] == "watch")["last"]["outcome"] == "done"
            asked = await aion(tmp_path, "jobs", "run", "watch")
            assert "within seconds" in asked.out
            await until(lambda: len(rows(tmp_path, "SELECT id FROM runs WHERE outcome = 'done'")) == 2)
            assert await run.stop() == 0, "".join(run.log)
        outcomes = [outcome for (outcome,) in rows(tmp_path, "SELECT outcome FROM runs ORDER BY id")]
        assert outcomes == ["cut", "done", "done"]
        names = Counter(name for (name,) in rows(tmp_path, "SELECT name FROM proposals"))
        assert names == Counter(site.url(f"/story/{n}") for n in range(6))
        assert rows(tmp_path, "SELECT COUNT(*) FROM readings WHERE finished_at IS NULL") == [(1,)]
        assert site.served["/feed"] == 2, "it is not due again when the job is run once more"
