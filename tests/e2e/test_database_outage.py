"""A database that goes in the middle of answers and comes back: real processes, and each message is answered once."""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from process import aion, running

from tests.e2e.telegram_server import TelegramServer
from tests.postgres import PostgresServer

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]

PATIENCE_S = 60
KEY = "ab" * 32
MAX_LINES = 1_000
"""Lines that a process which waits does not log; one that is busy with an outage logs them in seconds."""

HELD, STORED_NOT = "When is the fair held?", "When does the library open?"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def server(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """Return the server, which runs again for the next test however this one ends."""
    yield postgres
    if postgres._process is None:
        postgres.start()


def states(server: PostgresServer, database: str) -> list[str]:
    """Return the states of the messages in an inbox."""
    return [row["state"] for row in server.run(database, "SELECT state FROM inbox")]


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something that other processes do has happened."""
    async with asyncio.timeout(PATIENCE_S):
        while not await asyncio.to_thread(holds):  # noqa: ASYNC110 (other processes do the work)
            await asyncio.sleep(0.05)


def status(port: int, path: str) -> int:
    """Return the status with which a process answers a GET."""
    return httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False, timeout=20).status_code


def is_warm(port: int) -> bool:
    """Return whether a process has loaded its models."""
    told = httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False, timeout=20).json()
    return bool(told["models"] == "warm")


async def test_one_process_answers_what_it_accepted_once_the_database_is_back(
    tmp_path: Path, server: PostgresServer
) -> None:
    port, hold = free_port(), tmp_path / "hold"
    async with TelegramServer() as telegram:
        people = [telegram.person(name) for name in ("Ana", "Bea", "Cid")]
        chats = [telegram.private(person) for person in people]
        settings = {"AION_DATABASE_URL": server.make("outage"), "AION_HEALTH_PORT": str(port)}
        settings |= {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API_BASE": telegram.url}
        await asyncio.to_thread(server.stop)
        down = await aion(tmp_path, "run", **settings)
        assert (down.status, "Traceback" in down.err) == (1, False)
        assert "127.0.0.1/outage cannot be reached" in down.err
        await asyncio.to_thread(server.start)

        async with running(tmp_path, module="tests.e2e.quick_aion", **settings) as run:
            await run.until_logged("/health")
            await until(lambda: status(port, "/health") == 200)
            hold.touch()
            for chat, person, text in zip(chats, people, (HELD, "/echo zero"), strict=False):
                telegram.say(chat, person, text)
            await until(lambda: states(server, "outage") == ["accepted"] * 2)
            await asyncio.to_thread(server.stop)
            telegram.say(chats[2], people[2], STORED_NOT)
            await until(lambda: status(port, "/health") == 503)
            await run.until_logged("could not be stored")
            hold.unlink()
            await telegram.wait_for_message(lambda shown: shown.text == "Echo: zero", PATIENCE_S)
            await run.until_logged("what is unfinished is not known")
            await asyncio.to_thread(server.start)
            await until(lambda: status(port, "/health") == 200)
            await telegram.wait_for_message(lambda shown: shown.text == f"Echo: {HELD}", PATIENCE_S)
            telegram.say(chats[2], people[2], "What is a library?")
            await telegram.wait_for_message(lambda shown: "Echo: What is" in shown.text, PATIENCE_S)
            await until(lambda: states(server, "outage") == ["closed"] * 4)
            assert await run.stop() == 0
        assert [len(telegram.texts(chat)) for chat in chats] == [1, 1, 2]
        assert "cannot be reached" in telegram.texts(chats[2])[0], "what could not be kept is told of at once"
        assert "Traceback" not in "".join(run.log)
        assert len(run.log) < MAX_LINES


async def test_a_gateway_and_a_core_go_through_an_outage_and_a_split(tmp_path: Path, server: PostgresServer) -> None:
    """The gateway steps down while the database is away; one that stood still meanwhile sends nothing more."""
    folders = {name: tmp_path / name for name in ("core", "gateway", "standby")}
    ports = {name: free_port() for name in (*folders, "answers")}
    for folder in folders.values():
        folder.mkdir()
    hold = folders["core"] / "hold"
    async with TelegramServer() as telegram:
        people = [telegram.person(name) for name in ("Ana", "Bea")]
        chats = [telegram.private(person) for person in people]
        shared = {"AION_DATABASE_URL": server.make("split"), "AION_CORE_TOKEN": "made-up-token"}
        shared |= {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API_BASE": telegram.url}
        shared |= {"AION_CORE_PORT": str(ports["answers"]), "AION_CORE_URLS": f"http://127.0.0.1:{ports['answers']}"}

        def start(name: str, command: str):
            settings = {**shared, "AION_PERSON_KEY": KEY, "AION_HEALTH_PORT": str(ports[name])}
            return running(folders[name], module="tests.e2e.quick_aion", command=command, **settings)

        def probes(path: str) -> set[int]:
            return {status(ports[name], path) for name in ("core", "gateway", "answers")}

        async def ask(n: int, text: str) -> None:
            n_before = len(await asyncio.to_thread(states, server, "split"))
            telegram.say(chats[n], people[n], text)
            await until(lambda: len(states(server, "split")) > n_before)

        async def until_answered(text: str) -> None:
            await telegram.wait_for_message(lambda shown: shown.text == f"Echo: {text}", PATIENCE_S)

        async with start("core", "core") as core, start("gateway", "gateway") as leader:
            await core.until_logged("core: http")
            await leader.until_logged("leading, epoch 1")
            other = await aion(folders["standby"], "gateway", **shared, AION_PERSON_KEY="cd" * 32)
            assert (other.status, "by another key" in other.err) == (1, True)
            await until(lambda: probes("/ready") == {200})
            hold.touch()
            await ask(0, HELD)
            await ask(1, "/echo zero")
            await asyncio.to_thread(server.stop)
            await until(lambda: probes("/ready") == {503})
            assert probes("/live") == {200}, "a restart would not bring the database back"
            hold.unlink()
            await until_answered("zero")
            await leader.until_logged("the database is out of reach; standing by")
            await asyncio.to_thread(server.start)
            await leader.until_logged("leading, epoch 2")
            await until_answered(HELD)
            await until(lambda: probes("/ready") == {200})
            await until(lambda: states(server, "split") == ["closed"] * 2)

            async with start("standby", "gateway") as standby:
                await standby.until_logged("standing by")
                hold.touch()
                await ask(0, "/echo one")
                leader.process.send_signal(signal.SIGSTOP)
                await standby.until_logged("leading, epoch 3")
                hold.unlink()
                await until_answered("one")
                await until(lambda: states(server, "split") == ["closed"] * 3)
                leader.process.send_signal(signal.SIGCONT)
                await leader.until_logged("another process leads")
                await ask(1, "/echo two")
                await until_answered("two")
                await until(lambda: states(server, "split") == ["closed"] * 4)
                assert [await process.stop() for process in (standby, leader, core)] == [0, 0, 0]
        assert [telegram.texts(chat) for chat in chats] == [
            [f"Echo: {HELD}", "Echo: one"],
            ["Echo: zero", "Echo: two"],
        ]
        for process in (core, leader, standby):
            assert len(process.log) < MAX_LINES


async def test_a_disk_that_takes_nothing_more_and_then_does_again(tmp_path: Path) -> None:
    """No file of the process may grow: what it accepts meanwhile is told of in a sentence, or answered, once."""
    port, hold = free_port(), tmp_path / "hold"
    async with TelegramServer() as telegram:
        people = [telegram.person(name) for name in ("Ana", "Bea")]
        chats = [telegram.private(person) for person in people]
        settings = {"AION_HEALTH_PORT": str(port), "TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API_BASE": telegram.url}
        async with running(tmp_path, module="tests.e2e.quick_aion", **settings) as run:
            await run.until_logged("/health")
            await until(lambda: is_warm(port))
            hold.touch()
            telegram.say(chats[0], people[0], "/echo zero")
            await telegram.wait_for_quiet(PATIENCE_S)
            unlimited = resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            await until(lambda: status(port, "/health") == 503)
            telegram.say(chats[1], people[1], STORED_NOT)
            hold.unlink()
            await telegram.wait_for_message(lambda shown: shown.text == "Echo: zero", PATIENCE_S)
            await telegram.wait_for_message(lambda shown: "cannot be read or written" in shown.text, PATIENCE_S)
            await run.until_logged("what is unfinished is not known")
            resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE, unlimited)
            await until(lambda: status(port, "/health") == 200)
            telegram.say(chats[1], people[1], "What is a library?")
            await telegram.wait_for_message(lambda shown: "Echo: What is" in shown.text, PATIENCE_S)
            assert await run.stop() == 0
        async with running(tmp_path, module="tests.e2e.quick_aion", **settings) as run:
            telegram.say(chats[0], people[0], "/echo last")
            await telegram.wait_for_message(lambda shown: shown.text == "Echo: last", PATIENCE_S)
            assert await run.stop() == 0
        assert [len(telegram.texts(chat)) for chat in chats] == [2, 2]
