"""The dashboard of Grafana: a real Prometheus that reads a real ``/metrics`` has an answer to every panel."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import httpx
import pytest

from bot.heartbeat import Heartbeat
from bot.watchdog import AdapterWatch, WatchdogPolicy
from bot.web.app import create_app, serve
from bot.web.metrics import metrics_router
from core.assembly.aion import Aion
from tests.deploy.prometheus_server import PROGRAM, prometheus_of
from tests.scenarios.test_metrics import ask_and_rate, running

ROOT = Path(__file__).parents[2]
EXPRESSIONS = {
    (panel["title"], target["expr"].replace("$__rate_interval", "1m"))
    for panel in json.loads((ROOT / "deploy" / "grafana" / "aion.json").read_text(encoding="utf-8"))["panels"]
    for target in panel["targets"]
}
TRIES = 120
"""Twice a second: it takes two readings to have a rate."""


class HeardNow:
    """An adapter whose platform was heard just now."""

    @property
    def heard_at_s(self) -> float:
        return time.monotonic()

    async def run(self) -> None:
        """Serve nothing."""


async def serving(aion: Aion) -> tuple[asyncio.Task[None], str]:
    """Serve ``/metrics`` on the loopback; return the task and the address."""
    watch = AdapterWatch("discord", HeardNow(), WatchdogPolicy())
    router = metrics_router(aion.metrics, aion.figures, [watch], Heartbeat(), lambda: True, None)
    started = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(create_app([router]), "127.0.0.1", 0, started.set_result))
    return task, (await started).removeprefix("http://")


async def has_data(client: httpx.AsyncClient, expression: str) -> bool:
    """Return whether Prometheus has at least one value of an expression now."""
    answer = (await client.get("/api/v1/query", params={"query": expression})).json()
    assert answer["status"] == "success", answer
    return bool(answer["data"]["result"])


@pytest.mark.slow
@pytest.mark.skipif(PROGRAM is None, reason="no Prometheus: Debian's package prometheus has it")
async def test_every_panel_has_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(tmp_path, monkeypatch, AION_BACKUP_EVERY_HOURS=24) as aion:
        await aion.scheduler.run("backup")
        await ask_and_rate(aion)
        task, target = await serving(aion)
        async with prometheus_of(target, tmp_path) as url, httpx.AsyncClient(base_url=url) as client:
            empty = EXPRESSIONS
            for _ in range(TRIES):
                await asyncio.sleep(0.5)
                if not (empty := {(title, each) for title, each in empty if not await has_data(client, each)}):
                    break
            assert not empty
        task.cancel()
        await asyncio.wait([task])
