"""Many people, every fault, and ``kill -9`` again and again: nothing accepted is lost, nothing is answered twice."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest
from discord_faults import Cut, Failed, Late, RateLimited
from discord_server import DiscordServer
from process import running

from tests.e2e.telegram_faults import Broken, Dropped, Flood, Slow
from tests.e2e.telegram_server import TelegramServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

N_LIVES, N_PER_LIFE, PATIENCE_S = 3, 15, 90
NOTE = "I was interrupted while sending"


async def test_telegram_under_faults_and_kills(tmp_path: Path) -> None:
    chance = random.Random(1)
    async with TelegramServer() as server:
        people = [server.person(f"P{n}") for n in range(5)]
        chats = [server.private(person) for person in people]
        settings = {"TELEGRAM_TOKEN": server.token, "TELEGRAM_API_BASE": server.url}
        asked: list[str] = []
        n_dropped = 0
        for life in range(N_LIVES + 1):
            server._faults.clear()
            async with running(tmp_path, module="tests.e2e.quick_aion", **settings) as run:
                if life < N_LIVES:
                    faults = [Slow(0.0), Slow(0.3), Broken(502), Flood(1), Broken(500), Dropped(True), Dropped(False)]
                    chosen = chance.choices(faults, k=N_PER_LIFE)
                    n_dropped += sum(isinstance(fault, Dropped) for fault in chosen)
                    server.inject("sendMessage", *chosen)
                    server.inject(
                        "getUpdates", *chance.choices([Broken(), Dropped(True), Dropped(False), Slow(0.1)], k=3)
                    )
                    await run.until_logged("running: telegram")
                    for n in range(N_PER_LIFE):
                        asked.append(f"{life}-{n}.")
                        server.say(chats[n % 5], people[n % 5], f"/echo {asked[-1]}")
                        if chance.random() < 0.2:
                            server.redeliver(chance.choice(server.updates))
                        if chance.random() < 0.3:
                            server.swap_last_updates()
                        await asyncio.sleep(chance.random() * 0.1)
                    await asyncio.sleep(chance.random())
                    await run.kill()
                else:
                    await server.wait_for_message(
                        lambda _: len(_missing(server, asked)) <= _n_notes(server), PATIENCE_S
                    )
                    await asyncio.sleep(1)
        said = Counter(m.text for m in server.shown if m.text.startswith("Echo"))
        assert len(_missing(server, asked)) <= _n_notes(server) <= N_LIVES * len(people) + 2 * n_dropped
    assert not {text: n for text, n in said.items() if n > 1}


def _missing(server: TelegramServer, asked: list[str]) -> set[str]:
    return {f"Echo: {text}" for text in asked} - {message.text for message in server.shown}


def _n_notes(server: TelegramServer) -> int:
    """Return how often people were told that the sending of their answer was left in doubt."""
    return sum(message.text.startswith(NOTE) for message in server.shown)


async def test_discord_under_faults_and_kills(tmp_path: Path) -> None:
    chance = random.Random(2)
    async with DiscordServer() as server:
        people = [server.person(f"P{n}") for n in range(5)]
        guild = server.guild("Library")
        channels = [server.channel(guild, f"c{n}") for n in range(3)]
        settings = {"DISCORD_TOKEN": server.token, "DISCORD_API_BASE": server.api_base}
        settings |= {"DISCORD_GATEWAY_URL": server.gateway_url}
        calls = []
        breaks = [server.drop_gateway, server.ask_to_reconnect, lambda: server.close_gateway(4000)]
        for life in range(N_LIVES + 1):
            server._faults.clear()
            async with running(tmp_path, module="tests.e2e.quick_aion", **settings) as run:
                await server.wait_for_bot(life + 1)
                await server.wait_until(lambda: server.commands, PATIENCE_S)
                if life == N_LIVES:
                    break
                sends = [Late(0.0), Late(0.3), Failed(502), RateLimited(0.5), Cut(applied=False), Cut(applied=True)]
                server.inject(r"PATCH /webhooks", *chance.choices(sends, k=N_PER_LIFE))
                for n in range(N_PER_LIFE):
                    calls.append(server.slash("echo", people[n % 5], channels[n % 3], text=f"{life}-{n}."))
                    if chance.random() < 0.2:
                        server.redeliver()
                    if n == N_PER_LIFE // 2:
                        breaks[life % 3]()
                    await asyncio.sleep(chance.random() * 0.1)
                await asyncio.sleep(chance.random())
                await run.kill()
        async with running(tmp_path, module="tests.e2e.quick_aion", **settings):
            taken = [f"Echo: {n // N_PER_LIFE}-{n % N_PER_LIFE}." for n, call in enumerate(calls) if call.acknowledged]
            await server.wait_until(lambda: not set(taken) - {m.content for m in server.shown}, PATIENCE_S)
            await asyncio.sleep(1)
        said = Counter(m.content for m in server.shown)
    assert len(taken) > N_PER_LIFE
    assert not {text: n for text, n in said.items() if n > 1}
