"""Gateways and cores as processes on one PostgreSQL, killed in the middle: everything is answered, nothing twice."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

import pytest
from process import Running, running

from tests.e2e.telegram_server import TelegramServer
from tests.postgres import PostgresServer

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]

PATIENCE_S = 60
KEY = "ab" * 32


class Deployment:
    """The processes of one bot, each with a folder of its own."""

    def __init__(self, folder: Path, telegram: TelegramServer, database: str) -> None:
        self._folder = folder
        self._ports = [_free_port() for _ in range(2)]
        urls = ",".join(f"http://127.0.0.1:{port}" for port in self._ports)
        secrets = {"AION_DATABASE_URL": database, "AION_CORE_TOKEN": "made-up-token", "AION_PERSON_KEY": KEY}
        bot = {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API_BASE": telegram.url}
        self._settings = {**secrets, **bot, "AION_CORE_URLS": urls}

    def folder(self, name: str) -> Path:
        (folder := self._folder / name).mkdir(exist_ok=True)
        return folder

    def gateway(self, name: str) -> AbstractAsyncContextManager[Running]:
        return running(self.folder(name), module="tests.e2e.quick_aion", command="gateway", **self._settings)

    def core(self, n: int) -> AbstractAsyncContextManager[Running]:
        settings = {**self._settings, "AION_CORE_PORT": str(self._ports[n])}
        return running(self.folder(f"core{n}"), module="tests.e2e.quick_aion", command="core", **settings)

    def hold(self, *cores: int) -> None:
        """Keep the commands of cores from ending."""
        for n in cores:
            (self.folder(f"core{n}") / "hold").touch()

    def free(self, *cores: int) -> None:
        for n in cores:
            (self.folder(f"core{n}") / "hold").unlink()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def test_what_is_killed_is_replaced_and_everybody_is_answered_once(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    async with TelegramServer() as telegram, AsyncExitStack() as processes:
        said: list[str] = []
        people = [telegram.person(name) for name in ("Ana", "Bruno", "Carla")]
        chats = [telegram.private(person) for person in people]

        def ask(n: int, text: str) -> None:
            telegram.say(chats[n], people[n], f"/echo {text}")
            said.append(f"Echo: {text}")

        async def until_answered(text: str) -> None:
            await telegram.wait_for_message(lambda shown: shown.text == f"Echo: {text}", PATIENCE_S)

        bot = Deployment(tmp_path, telegram, postgres.make("gateways"))
        first = await processes.enter_async_context(bot.core(0))
        await first.until_logged("core: http")
        second = await processes.enter_async_context(bot.core(1))
        leader = await processes.enter_async_context(bot.gateway("gateway"))
        await leader.until_logged("leading, epoch 1")
        standby = await processes.enter_async_context(bot.gateway("standby"))
        await second.until_logged("core: http")
        ask(0, "zero")
        await until_answered("zero")
        await standby.until_logged("standing by")

        bot.hold(0, 1)  # the first core, which has as little to do as the other, dies with a message in process
        ask(0, "one")
        await telegram.wait_for_quiet(PATIENCE_S)
        await asyncio.sleep(0.5)
        await first.kill()
        await leader.until_logged("was lost while it worked")
        bot.free(1)
        await until_answered("one")

        bot.hold(1)  # the leader dies with several
        for n, text in enumerate(("two", "three", "four")):
            ask(n, text)
        await telegram.wait_for_quiet(PATIENCE_S)
        await leader.kill()
        killed_at_s = time.monotonic()
        ask(0, "five")
        await standby.until_logged("leading, epoch 2")
        print(f"taken over after {time.monotonic() - killed_at_s:.1f} s")
        bot.free(1)
        for text in ("two", "three", "four", "five"):
            await until_answered(text)

        bot.hold(1)  # the last core is told to stop, and ends what it has
        ask(1, "six")
        await telegram.wait_for_quiet(PATIENCE_S)
        await asyncio.sleep(0.5)
        second.process.send_signal(signal.SIGTERM)
        await second.until_logged("stopping")
        bot.free(1)
        await until_answered("six")
        assert await second.stop() == 0
        assert await standby.stop() == 0
        assert sorted(text for chat in chats for text in telegram.texts(chat)) == sorted(said)
    counted = postgres.run("gateways", "SELECT state, count(*) FROM inbox GROUP BY state")
    assert [tuple(row) for row in counted] == [("closed", len(said))]
