"""The inference service under 200 clients at once: what they get, and what memory does meanwhile.

Run: make bench-serve   (python bench/serve.py; the service is a process of its own)
Each client asks again as soon as it has its reply, and comes back when a 429 says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import httpx
import psutil

from bench.arguments import parser_for
from bench.table import heading, row
from bench.timing import resident_mb

TOKEN = "made-up-bench-token"
ASKED = {"messages": [{"role": "user", "content": "Say where Lisbon lies."}], "max_tokens": 24, "temperature": 0}


@dataclass
class ClientResults:
    """What the clients saw."""

    statuses: Counter[int] = field(default_factory=Counter)
    reply_s: list[float] = field(default_factory=list)
    n_whole: int = 0
    n_without_retry_after: int = 0
    n_dropped: int = 0
    megabytes: list[float] = field(default_factory=list)


@contextlib.asynccontextmanager
async def service(module: str, at_once: int, **settings: str) -> AsyncIterator[tuple[str, psutil.Process]]:
    """Run ``aion serve`` while the block lasts, and yield its address and process."""
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", module, "serve", "--port", "0", "--at-once", str(at_once)),
            env={**os.environ, "AION_DATA_DIR": folder, "AION_SERVE_TOKEN": TOKEN, **settings},
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stderr is not None
        while not (found := re.search(rb"on (http://\S+)", await process.stderr.readline())):
            assert process.returncode is None
        draining = asyncio.create_task(process.stderr.read())
        try:
            yield found[1].decode(), psutil.Process(process.pid)
        finally:
            process.terminate()
            await process.wait()
            await draining


async def client(http: httpx.AsyncClient, seen: ClientResults, end_s: float, *, stream: bool) -> None:
    """Ask until the time is over."""
    while time.monotonic() < end_s:
        begun_s = time.monotonic()
        try:
            answer = await http.post("/v1/chat/completions", json={**ASKED, "stream": stream})
        except httpx.HTTPError as error:
            seen.n_dropped += 1
            print(f"dropped: {type(error).__name__} {error}", file=sys.stderr)
            continue
        seen.statuses[answer.status_code] += 1
        if answer.status_code == 200:
            seen.reply_s.append(time.monotonic() - begun_s)
            seen.n_whole += "[DONE]" in answer.text if stream else bool(answer.json()["choices"])
        elif wait := answer.headers.get("retry-after"):
            await asyncio.sleep(min(float(wait), max(0.0, end_s - time.monotonic())))
        else:
            seen.n_without_retry_after += 1


async def watch(process: psutil.Process, seen: ClientResults) -> None:
    """Note the memory every quarter second, with that of the process that llama.cpp runs in."""
    while True:
        family = [process, *process.children(recursive=True)]
        seen.megabytes.append(sum(resident_mb(each.pid) for each in family))
        await asyncio.sleep(0.25)


async def measure(module: str, n_clients: int, at_once: int, seconds: float, **settings: str) -> ClientResults:
    """Return what ``n_clients`` see of a service, half of them streaming."""
    seen = ClientResults()
    async with service(module, at_once, **settings) as (url, process):
        headers, limits = {"Authorization": f"Bearer {TOKEN}"}, httpx.Limits(max_connections=n_clients)
        async with httpx.AsyncClient(
            base_url=url, headers=headers, limits=limits, timeout=300, trust_env=False
        ) as http:
            (await http.post("/v1/chat/completions", json=ASKED)).raise_for_status()  # the model is loaded
            watching = asyncio.create_task(watch(process, seen))
            end_s = time.monotonic() + seconds
            await asyncio.gather(*(client(http, seen, end_s, stream=n % 2 == 0) for n in range(n_clients)))
            watching.cancel()
    return seen


def report(name: str, seen: ClientResults) -> None:
    """Print one row."""
    n = len(seen.megabytes)
    first, last = (seen.megabytes[i] for i in (n // 4, n - 1))
    p50, p95 = (quantiles(seen.reply_s, n=20)[i] for i in (9, 18)) if len(seen.reply_s) > 1 else (0.0, 0.0)
    n_5xx = sum(count for status, count in seen.statuses.items() if status >= 500) + seen.n_dropped
    cells = (
        f"{seen.statuses[200]:,} ({seen.n_whole:,} whole)",
        f"{seen.statuses[429]:,} ({seen.n_without_retry_after} without Retry-After)",
        n_5xx,
        f"{p50:.2f} / {p95:.2f}",
        f"{first:.0f} → {last:.0f} (most {max(seen.megabytes):.0f})",
    )
    print(row(name, *cells), flush=True)


async def main() -> None:
    """Measure a scripted engine, and the real one."""
    parser = parser_for(__doc__)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{options.clients} clients for {options.seconds:.0f} s, half of them streaming; load {load:.1f}\n")
    columns = ("200", "429", "5xx or dropped", "reply s p50 / p95", "memory MB, early → late")
    print(heading("engine, replies at once", *columns))
    scripted = {"TEXT": "word " * 20, "PAUSE_S": "0.005"}
    for at_once in (32, 256):
        seen = await measure("tests.e2e.quick_serve", options.clients, at_once, options.seconds, **scripted)
        report(f"scripted (20 words in 0.1 s), {at_once}", seen)
    report("smollm2-135m-instruct, 32", await measure("bot", options.clients, 32, options.seconds))


if __name__ == "__main__":
    assert Path("bot").is_dir(), "run it in the repository's root"
    asyncio.run(main())
