"""Remote workers: other machines that run ``aion serve`` (a Colab or Kaggle notebook, a GPU elsewhere), health-checked.

Each is checked every five minutes, and at once after a failure; a change of state is reported once. Workers are asked
before this machine's own model and before any provider (``core.generation.writer``).
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import Annotated, Literal

import httpx
from pydantic import BaseModel, Field, SecretStr, ValidationError

from core.errors import Unavailable
from core.generation.prompting.prompt import estimate_tokens
from core.generation.providers.catalogue import Provider, ProviderModel
from core.generation.providers.client import ProviderGenerator, ProviderTimeouts
from core.generation.providers.errors import OF_REQUEST, FailureKind, ProviderFailed
from core.http_client import HttpClient
from core.ops.alerts import Alerts
from core.ports import LocalModel
from core.request_id import HEADER, current_request
from core.tracing import trace_headers
from core.types import Language, Piece, PromptTurn, Sampling

log = logging.getLogger(__name__)

CHECK_INTERVAL_S = 300.0
"""Seconds between two health checks of a worker."""

CHECK_TIMEOUT_S = 5.0
"""Seconds a worker has to answer a health check."""

TIMEOUTS = ProviderTimeouts(connect_s=3.0, first_text_s=20.0)

_MAX_HEALTH_BYTES = 64_000
_MAX_FAILURES = 3
"""A worker that fails so often in a row stays offline until the next regular check, whatever its health says."""

_ADDRESS = re.compile(r"\s*([a-z0-9][a-z0-9-]{0,29})\s*=\s*(https?://[^\s/,]+(?:/[^\s,]*)?)\s*", re.IGNORECASE)

WorkerState = Literal["online", "offline", "refused"]


class WorkerHealth(BaseModel):
    """The reply of a worker's ``GET /health``."""

    status: Literal["ok"]
    model: Annotated[str, Field(min_length=1, max_length=200)]
    style: Literal["brief", "full"] = "full"
    languages: frozenset[Language] = frozenset()
    context_tokens: Annotated[int, Field(gt=0)] | None = None


_UNKNOWN = WorkerHealth(status="ok", model="unknown")
_UNSTATED_CONTEXT_TOKENS = 2_048


class RemoteWorker:
    """One worker, as a ``core.ports.LocalModel``; without languages while it is offline."""

    def __init__(self, name: str, url: str, token: SecretStr, client: httpx.AsyncClient) -> None:
        self.name = name
        self.state: WorkerState = "offline"
        self._url = url.rstrip("/")
        self._token = token
        self._client = client
        self._health = _UNKNOWN
        self._n_failures = 0
        self.suspected: Callable[[], None] = lambda: None

    @property
    def model(self) -> str:
        """Return the id of the model it serves."""
        return self._health.model

    @property
    def languages(self) -> frozenset[Language]:
        """Return the languages its model writes in; none while it is offline."""
        return self._health.languages if self.is_online else frozenset()

    @property
    def style(self) -> Literal["brief", "full"]:
        """Return how its model likes to be asked."""
        return self._health.style

    @property
    def context_tokens(self) -> int:
        """Return how many tokens prompt and reply may have together."""
        return self._health.context_tokens or _UNSTATED_CONTEXT_TOKENS

    @property
    def prompt_tokens(self) -> int:
        """Return the same: a worker is a machine lent for being fast."""
        return self.context_tokens

    @property
    def is_online(self) -> bool:
        """Tell whether the last check found it online."""
        return self.state == "online"

    def count_tokens(self, text: str) -> int:
        """Return how many tokens ``text`` is at most: its tokenizer is over there."""
        return estimate_tokens(text)

    def warm(self) -> None:
        """Do nothing: it loads its model by itself."""

    async def stream(self, prompt: Sequence[PromptTurn], sampling: Sampling) -> AsyncGenerator[Piece, None]:
        """Yield its reply. Raises ``ProviderFailed``, and asks for a check then, unless the request was at fault."""
        try:
            async with aclosing(self._generator().stream(prompt, sampling)) as pieces:
                async for piece in pieces:
                    yield piece
        except ProviderFailed as failure:
            log.warning("worker %s: %s", self.name, failure)
            if failure.kind not in (FailureKind.QUOTA, FailureKind.REJECTED, *OF_REQUEST):
                self._n_failures += 1
                self.state = "offline"
                self.suspected()
            raise
        self._n_failures = 0

    async def check(self, *, is_regular: bool) -> WorkerState:
        """Poll ``GET /health`` within ``CHECK_TIMEOUT_S``; return the state. Connection errors mean offline."""
        if is_regular:
            self._n_failures = 0
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_S):
                self.state = await self._ask()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValidationError, ValueError) as error:
            log.info("worker %s is offline: %s", self.name, type(error).__name__)
            self.state = "offline"
        if self._n_failures >= _MAX_FAILURES:
            self.state = "offline"
        return self.state

    async def _ask(self) -> WorkerState:
        headers = {"Authorization": f"Bearer {self._token.get_secret_value()}"}
        async with self._client.stream("GET", f"{self._url}/health", headers=headers, follow_redirects=False) as reply:
            if reply.status_code in (401, 403):
                return "refused"
            data = b""
            async for chunk in reply.aiter_bytes():
                data += chunk
                if len(data) > _MAX_HEALTH_BYTES:
                    return "offline"
            if reply.status_code != 200:
                return "offline"
            self._health = WorkerHealth.model_validate_json(data)
            return "online"

    def _generator(self) -> ProviderGenerator:
        model = ProviderModel("aion", extra={"logprobs": True})
        described = Provider(
            name=self.name,
            base_url=f"{self._url}/v1",
            key_env="AION_WORKER_TOKEN",
            models=(model,),
            languages=self._health.languages,
            paid=False,
            context_tokens=self.context_tokens,
            max_output_tokens=self.context_tokens,
        )
        return ProviderGenerator(described, model, self._token, self._client, timeouts=TIMEOUTS)


class RemoteWorkers:
    """All workers, in the operator's order."""

    def __init__(self, workers: Sequence[RemoteWorker], alerts: Alerts, *, every_s: float = CHECK_INTERVAL_S) -> None:
        self._workers = tuple(workers)
        self._alerts = alerts
        self._every_s = every_s
        self._reported: dict[str, WorkerState] = {}
        self._suspicion = asyncio.Event()
        for worker in self._workers:
            worker.suspected = self._suspicion.set

    def online(self) -> Sequence[LocalModel]:
        """Return the workers that are online, in order."""
        return [worker for worker in self._workers if worker.is_online]

    async def watch(self) -> None:
        """Check all workers now, every ``every_s`` seconds, and whenever one failed, until cancelled."""
        is_regular = True
        while True:
            await self.check(is_regular=is_regular)
            self._suspicion.clear()
            try:
                async with asyncio.timeout(self._every_s):
                    await self._suspicion.wait()
                is_regular = False
            except TimeoutError:
                is_regular = True

    async def check(self, *, is_regular: bool = True) -> None:
        """Check all workers concurrently, and send an alert on each change."""
        await asyncio.gather(*(worker.check(is_regular=is_regular) for worker in self._workers))
        for worker in self._workers:
            if self._reported.get(worker.name) != worker.state:
                self._reported[worker.name] = worker.state
                await self._report(worker)

    async def _report(self, worker: RemoteWorker) -> None:
        others = [other for other in self._after(worker) if other is not worker]
        taking_over = next((other for other in others if other.is_online), None)
        alert = partial(self._alerts.alert, f"worker:{worker.name}", worker=worker.name)
        if worker.state == "online":
            await alert("workers.online", model=worker.model)
        elif worker.state == "refused":
            await alert("workers.refused")
        elif taking_over:
            await alert("workers.taken_over", other=taking_over.name)
        elif others:
            await alert("workers.start_other", other=others[0].name)
        else:
            await alert("workers.offline")

    def _after(self, worker: RemoteWorker) -> tuple[RemoteWorker, ...]:
        """Return all workers, those after ``worker`` first."""
        place = self._workers.index(worker)
        return self._workers[place + 1 :] + self._workers[:place]


@asynccontextmanager
async def open_workers(text: str, token: SecretStr | None, alerts: Alerts) -> AsyncIterator[RemoteWorkers]:
    """Watch the workers named in ``text`` (see ``read_workers``) while the block lasts; none is legal."""
    if not text.strip():
        yield RemoteWorkers((), alerts)
        return
    async with HttpClient(trust_env=True, event_hooks={"request": [_tag]}) as client:
        workers = RemoteWorkers(read_workers(text, token, client), alerts)
        watching = asyncio.create_task(workers.watch(), name="watch workers")
        try:
            yield workers
        finally:
            watching.cancel()
            await asyncio.wait([watching])


async def _tag(asked: httpx.Request) -> None:
    """Send the id of the request at hand along, so that both machines log it, and that of the span."""
    asked.headers.update(trace_headers())
    if request_id := current_request():
        asked.headers[HEADER] = request_id


def read_workers(text: str, token: SecretStr | None, client: httpx.AsyncClient) -> tuple[RemoteWorker, ...]:
    """Return the workers of ``name=address,name=address``. Raises as ``worker_addresses`` does."""
    key = SecretStr((token.get_secret_value().strip() if token else "") or "none")
    return tuple(RemoteWorker(name, url, key, client) for name, url in worker_addresses(text).items())


def worker_addresses(text: str) -> Mapping[str, str]:
    """Return the addresses in ``name=address,name=address`` by name, in order.

    Raises ``Unavailable`` naming the one that cannot be understood.
    """
    found: dict[str, str] = {}
    for n, part in enumerate(filter(str.strip, text.split(",")), start=1):
        match = _ADDRESS.fullmatch(part)
        if not match or match[1] in found:
            problem = f"entry {n} is not name=https://address with a name of its own"  # which may hold a password
            raise Unavailable("settings.wrong", name="AION_WORKERS", problem=problem)
        found[match[1]] = match[2]
    return found
