"""``/health`` of a real ``aion run``: green, red while an adapter is deaf or the database is locked, green again."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from discord_server import DiscordServer
from process import Running, running

from tests.e2e.telegram_faults import Slow
from tests.e2e.telegram_server import TelegramServer

pytestmark = [pytest.mark.timeout(180), pytest.mark.slow]

PATIENCE_S = 60


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Patient:
    """Whoever asks after AION's health, again and again."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/health"

    async def ask(self) -> tuple[int, Any]:
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            answer = await client.get(self.url)
        return answer.status_code, answer.json()

    async def until(self, holds: Callable[[int, Any], bool]) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            while not holds(*(last := await self.ask())):  # noqa: ASYNC110 (it is another process that changes)
                await asyncio.sleep(0.05)
        return last[1]


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        yield server


async def run_until_green(run: Running, patient: Patient) -> Any:
    await run.until_logged("/health")
    return await patient.until(lambda status, body: status == 200 and body["models"] == "warm")


async def test_both_platforms_are_heard_and_what_waits_is_counted(tmp_path: Path, telegram: TelegramServer) -> None:
    port = free_port()
    (tmp_path / "hold").touch()
    async with DiscordServer() as discord:
        tokens = {"DISCORD_TOKEN": discord.token, "DISCORD_API_BASE": discord.api_base}
        tokens |= {"DISCORD_GATEWAY_URL": discord.gateway_url}
        tokens |= {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API_BASE": telegram.url}
        async with running(tmp_path, module="tests.e2e.quick_aion", AION_HEALTH_PORT=str(port), **tokens) as run:
            patient = Patient(port)
            await run_until_green(run, patient)
            ana = telegram.person("Ana")
            telegram.say(telegram.private(ana), ana, "/echo one")
            body = await patient.until(lambda _, body: body["backlog"] == 1)
            assert body["status"] == body["database"] == "ok"
            (tmp_path / "hold").unlink()
            await patient.until(
                lambda _, body: body["backlog"] == 0 and body["adapters"]["discord"]["heard_s_ago"] is not None
            )
            async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
                metrics = (await client.get(patient.url.replace("/health", "/metrics"))).text
            assert 'aion_platform_deaf{platform="telegram"} 0.0' in metrics
            assert "aion_queue_depth 0.0" in metrics
            assert await run.stop() == 0
    assert telegram.token not in "".join(run.log)


async def test_a_deaf_adapter_turns_it_red_although_it_is_started_anew(
    tmp_path: Path, telegram: TelegramServer
) -> None:
    port = free_port()
    settings = {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API_BASE": telegram.url, "AION_DEAF_AFTER_S": "2"}
    async with running(tmp_path, module="tests.e2e.quick_aion", AION_HEALTH_PORT=str(port), **settings) as run:
        patient = Patient(port)
        await run.until_logged("/health")
        telegram.inject("getUpdates", Slow(600), Slow(600))
        red = await patient.until(lambda status, _: status == 503)
        assert (red["status"], red["adapters"]["telegram"]["deaf"], red["database"]) == ("failing", True, "ok")
        ana = telegram.person("Ana")
        dm = telegram.private(ana)
        telegram.say(dm, ana, "/echo heard")  # the third start meets no fault
        green = await patient.until(lambda status, _: status == 200)
        assert green["adapters"]["telegram"]["n_restarts"] > 0
        await telegram.wait_for_message(lambda m: m.text == "Echo: heard", PATIENCE_S)


async def test_a_database_that_cannot_be_written_turns_it_red(tmp_path: Path, telegram: TelegramServer) -> None:
    port = free_port()
    settings = {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API_BASE": telegram.url}
    async with running(tmp_path, module="tests.e2e.quick_aion", AION_HEALTH_PORT=str(port), **settings) as run:
        patient = Patient(port)
        await run_until_green(run, patient)
        other = sqlite3.connect(tmp_path / "aion.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        body = await patient.until(lambda status, _: status == 503)
        assert (body["database"], body["backlog"]) == ("unwritable", None)
        other.execute("ROLLBACK")
        other.close()
        await patient.until(lambda status, _: status == 200)


async def test_a_port_that_is_taken_ends_the_process_with_one_sentence(
    tmp_path: Path, telegram: TelegramServer
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        settings = {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API_BASE": telegram.url, "AION_HEALTH_PORT": port}
        async with running(tmp_path, module="tests.e2e.quick_aion", **settings) as run:
            assert await asyncio.wait_for(run.process.wait(), PATIENCE_S) == 1
    assert f"port {port}" in "".join(run.log)


async def test_a_gateway_that_is_refused_at_the_start_is_said_and_tried_again(tmp_path: Path) -> None:
    async with DiscordServer() as discord:
        discord.refuse_gateway = True
        settings = {"DISCORD_TOKEN": discord.token, "DISCORD_API_BASE": discord.api_base}
        settings |= {"DISCORD_GATEWAY_URL": discord.gateway_url}
        async with running(tmp_path, module="tests.e2e.quick_aion", **settings) as run:
            await run.until_logged("Discord cannot be reached (gateway)")
            discord.refuse_gateway = False
            await discord.wait_until(lambda: discord.n_identified, PATIENCE_S)
            assert await run.stop() == 0


async def test_a_token_revoked_while_polling_ends_the_process_loudly(tmp_path: Path, telegram: TelegramServer) -> None:
    settings = {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API_BASE": telegram.url}
    async with running(tmp_path, module="tests.e2e.quick_aion", **settings) as run:
        await run.until_logged("running: telegram")
        await telegram.wait_for_call("getUpdates")
        telegram.token = "1:revoked"
        telegram.say(telegram.private(ana := telegram.person("Ana")), ana, "wakes the poll")
        assert await asyncio.wait_for(run.process.wait(), PATIENCE_S) == 1
    assert "Telegram refuses the token" in "".join(run.log)
    assert settings["TELEGRAM_TOKEN"] not in "".join(run.log)
