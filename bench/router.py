"""What the router costs and saves: its own time, dead providers, a simulated day, and LiteLLM beside it.

Run: make bench-router   (python bench/router.py; LiteLLM is compared where it is installed)
Every provider is a server on the loopback, speaking HTTP over real sockets; times are per call, in milliseconds.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import httpx
from pydantic import SecretStr

from bench.simulated_day import report, run, simulate
from bench.table import heading, row
from bench.timing import timed
from core.errors import GenerationFailed
from core.generation.providers.catalogue import ModelLimits, Provider, ProviderModel
from core.generation.providers.ledger import Ledger
from core.generation.providers.router import Router, open_router
from core.storage.database import Database
from core.storage.quotas import Quotas
from core.types import PromptTurn, Sampling

PROMPT = (PromptTurn("user", "When do you open?"),)
N_CALLS = 200
REPLY = (
    b'data: {"choices":[{"index":0,"delta":{"content":"At ten."},"finish_reason":"stop"}]}\n\n'
    b'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}\n\ndata: [DONE]\n\n'
)
PLAIN = (
    b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop",'
    b'"message":{"role":"assistant","content":"At ten."}}],"usage":{"prompt_tokens":9,"completion_tokens":3,'
    b'"total_tokens":12}}'
)
ERROR = b'{"error":{"message":"not now","type":"error","code":"error"}}'


class LoopbackProvider:
    """A provider on the loopback that keeps its connections, as real ones do. ``status`` other than 200 is a fault."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.n_asked = 0
        self.n_connections = 0

    async def __aenter__(self) -> LoopbackProvider:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(self, *error: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.n_connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                body = await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
                self.n_asked += 1
                writer.write(self._answer(b'"stream":true' in body.replace(b" ", b"")))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    def _answer(self, is_stream: bool) -> bytes:
        data = ERROR if self.status != 200 else REPLY if is_stream else PLAIN
        kind = b"text/event-stream" if is_stream and self.status == 200 else b"application/json"
        return b"HTTP/1.1 %d X\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n%s" % (
            self.status,
            kind,
            len(data),
            data,
        )


@dataclass(frozen=True)
class CallTimes:
    """What ``measure`` saw: milliseconds of the first call and of each later one, and calls wasted on dead servers."""

    case: str
    first_ms: float
    later_ms: list[float]
    n_answered: int
    wasted: list[int]

    def __str__(self) -> str:
        p50, p95 = median(self.later_ms), quantiles(self.later_ms, n=20)[-1]
        wasted = " / ".join(str(n) for n in self.wasted) or "-"
        answered = f"{self.n_answered / (len(self.later_ms) + 1):.0%}"
        return row(self.case, f"{self.first_ms:.1f}", f"{p50:.2f}", f"{p95:.2f}", answered, wasted)


async def measure(
    case: str, call: Callable[[], Awaitable[None]], dead: list[LoopbackProvider], n_calls: int = N_CALLS
) -> CallTimes:
    """Call ``n_calls`` times, and count what was answered and what dead servers were asked."""
    before, n_answered, taken_ms = [server.n_asked for server in dead], 0, []
    for _ in range(n_calls):
        with timed() as calling:
            try:
                await call()
                n_answered += 1
            except Exception as error:  # noqa: BLE001 whatever a library under test raises is an answer not given
                logging.getLogger(__name__).debug("not answered: %r", error)
        taken_ms.append(calling.wall_s * 1000)
    wasted = [server.n_asked - n for server, n in zip(dead, before, strict=True)]
    return CallTimes(case, taken_ms[0], taken_ms[1:], n_answered, wasted)


async def servers_on(stack: AsyncExitStack, *statuses: int) -> list[LoopbackProvider]:
    """Start a server for each status, which ``stack`` stops."""
    return [await stack.enter_async_context(LoopbackProvider(status)) for status in statuses]


def provider(name: str, url: str) -> Provider:
    """Return a provider with limits of every kind, none of them in the way."""
    limits = ModelLimits(
        requests_per_minute=10**6, requests_per_day=10**7, tokens_per_minute=10**9, tokens_per_day=10**9
    )
    model = ProviderModel(f"{name}-1", limits=limits)
    return Provider(name, url, f"{name.upper()}_KEY", (model,), frozenset({"en"}), False, 4000, 300)


def router_over(servers: list[LoopbackProvider], client: httpx.AsyncClient, ledger: Ledger) -> Router:
    """Return our router over servers, in their order."""
    table = [provider(f"p{n}", server.url) for n, server in enumerate(servers)]
    return open_router(table, {p.key_env: (SecretStr("a-key"),) for p in table}, client, ledger)


async def bare(client: httpx.AsyncClient, url: str) -> None:
    """Ask with httpx alone, streaming."""
    body = {"model": "m", "messages": [{"role": "user", "content": PROMPT[0].content}], "stream": True}
    async with client.stream("POST", f"{url}/chat/completions", json=body) as response:
        async for _ in response.aiter_bytes():
            pass


async def routed(router: Router) -> None:
    """Ask through the router and read the whole reply."""
    opened = await router.open(PROMPT, Sampling(), "en")
    async for _ in opened.pieces:
        pass


async def costs() -> list[CallTimes]:
    """Measure our router beside bare httpx: a healthy provider, and dead ones before it."""
    async with AsyncExitStack() as stack:
        healthy, *dead = await servers_on(stack, 200, 429, 500, 401, 404, 503)
        client = await stack.enter_async_context(httpx.AsyncClient())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = await stack.enter_async_context(await Database.open(folder))
        rows = []
        for _ in range(2):  # the first round warms up
            saved = Ledger(Quotas(database))
            rows = [
                await measure("bare httpx", lambda: bare(client, healthy.url), []),
                await measure("AION, in memory", _calls(router_over([healthy], client, Ledger())), []),
                await measure("AION, written down", _calls(router_over([healthy], client, saved)), []),
            ]
            await saved.close()
        for n_dead in (2, 5):
            case = f"AION, {n_dead} dead providers first"
            walk = router_over([*dead[:n_dead], healthy], client, Ledger())
            rows.append(await measure(case, _calls(walk), dead[:n_dead]))
        return rows


def _calls(router: Router) -> Callable[[], Awaitable[None]]:
    return lambda: routed(router)


async def walking() -> tuple[float, float]:
    """Return what walking 5 dead providers to the 6th takes, and what bare httpx takes for the same 6 requests."""
    async with AsyncExitStack() as stack:
        servers = await servers_on(stack, 429, 500, 401, 404, 503, 200)
        client = await stack.enter_async_context(httpx.AsyncClient())
        ours, theirs = [], []
        for _ in range(50):
            with timed() as asking:
                for server in servers:
                    await bare(client, server.url)
            theirs.append(asking.wall_s * 1000)
            router = router_over(servers, client, Ledger())
            with timed() as routing:
                await routed(router)
            ours.append(routing.wall_s * 1000)
        return median(ours), median(theirs)


async def litellm_rows() -> list[CallTimes]:
    """Measure LiteLLM's Router on the same servers with the same faults; without retries, its defaults stall."""
    import litellm

    litellm.suppress_debug_info = True
    litellm.telemetry = False
    logging.getLogger("LiteLLM").setLevel(logging.CRITICAL)
    logging.getLogger("LiteLLM Router").setLevel(logging.CRITICAL)
    async with AsyncExitStack() as stack:
        healthy, *dead = await servers_on(stack, 200, 429, 500)

        def router(servers: list[LoopbackProvider], **rest: Any) -> Any:
            names = [f"m{n}" for n in range(len(servers))]
            models = [
                {
                    "model_name": name,
                    "litellm_params": {"model": f"openai/{name}", "api_base": server.url, "api_key": "a-key"},
                }
                for name, server in zip(names, servers, strict=True)
            ]
            return litellm.Router(model_list=models, fallbacks=[{names[0]: names[1:]}], num_retries=0, **rest)

        def call(over: Any) -> Callable[[], Awaitable[None]]:
            async def one() -> None:
                messages = [{"role": "user", "content": PROMPT[0].content}]
                async for _ in await over.acompletion(model="m0", messages=messages, stream=True):
                    pass

            return one

        return [
            await measure("LiteLLM, healthy", call(router([healthy])), []),
            await measure("LiteLLM, 2 dead first", call(router([*dead, healthy])), dead),
            await measure(
                "LiteLLM, 2 dead first, allowed_fails=0", call(router([*dead, healthy], allowed_fails=0)), dead
            ),
        ]


def main() -> None:
    """Print every table."""
    logging.disable(logging.CRITICAL)
    rows = asyncio.run(costs())
    if importlib.util.find_spec("litellm"):
        rows += asyncio.run(litellm_rows())
    else:
        print("LiteLLM is not installed: nothing to compare with.\n")
    columns = ("first ms", "p50 ms", "p95 ms", "answered", "wasted calls by dead provider")
    print(heading(f"{N_CALLS} calls", *columns))
    print("\n".join(str(row) for row in rows))
    ours, theirs = asyncio.run(walking())
    print(f"\n5 dead providers to the 6th: {ours:.1f} ms; the same 6 requests with bare httpx: {theirs:.1f} ms\n")
    report([run(simulate(n)) for n in (1_000, 10_000, 20_000)])


if __name__ == "__main__":
    try:
        main()
    except GenerationFailed as failure:
        raise SystemExit(str(failure)) from failure
