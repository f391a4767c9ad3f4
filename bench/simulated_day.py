"""A day of questions on the limits of the shipped table, in seconds: the clock leaps from one event to the next.

The providers are simulated by a transport that holds every request against the limits in its own, exact way (any
sixty seconds, the provider's own day, the month's credit) and counts those past one; the router under it is the real
one. Not covered: providers that fail, which the tests of the router do.
"""

from __future__ import annotations

import asyncio
import json
import random
import selectors
from collections import Counter, defaultdict, deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import httpx
from pydantic import SecretStr

from bench.table import heading, row
from core.errors import GenerationFailed
from core.generation.providers.catalogue import ModelLimits, Price, Provider, read_providers
from core.generation.providers.clock import ForwardClock
from core.generation.providers.ledger import Ledger
from core.generation.providers.router import open_router
from core.types import PromptTurn, Sampling

START = datetime(2026, 11, 18, tzinfo=UTC)
DAY_S = 86_400
N_GUESSED = 2_000
"""A prompt's tokens as the router guesses them before it knows better; it really has some 0.74 of them."""

SHORTEST = 0.72
N_COMPLETION = 250
R = TypeVar("R")


class LeapingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock leaps to the next timer whenever there is nothing to do."""

    def __init__(self) -> None:
        self.now_s = 0.0
        super().__init__(_LeapingSelector(self))

    def time(self) -> float:
        """Return the simulated seconds since the start."""
        return self.now_s


class _LeapingSelector(selectors.DefaultSelector):
    def __init__(self, loop: LeapingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        ready: list[Any] = super().select(0)
        if not ready and timeout:
            self._loop.now_s += timeout
        return ready


def run(work: Coroutine[Any, Any, R]) -> R:
    """Run ``work`` in simulated time."""
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        return runner.run(work)


@dataclass
class ProviderAccount:
    """A model (or a provider's pool) as its provider sees it."""

    limits: ModelLimits
    zone: ZoneInfo
    last_minute: deque[list[float]] = field(default_factory=deque)
    of_day: dict[str, list[float]] = field(default_factory=lambda: defaultdict(lambda: [0.0, 0.0]))
    usd: float = 0.0

    def admits(self, now_s: float, n_tokens: float, usd: float) -> bool:
        """Tell whether one more request is within every limit."""
        while self.last_minute and self.last_minute[0][0] <= now_s - 60:
            self.last_minute.popleft()
        day, limits = self.of_day[self.day(now_s)], self.limits
        uses = (
            (limits.requests_per_minute, len(self.last_minute) + 1),
            (limits.tokens_per_minute, sum(tokens for _, tokens in self.last_minute) + n_tokens),
            (limits.requests_per_day, day[0] + 1),
            (limits.tokens_per_day, day[1] + n_tokens),
            (limits.usd_per_month, self.usd + usd),
        )
        return all(limit is None or used <= limit for limit, used in uses)

    def take(self, now_s: float, n_tokens: float, usd: float) -> list[float]:
        """Count a request; the entry returned may be corrected."""
        entry = [now_s, n_tokens]
        self.last_minute.append(entry)
        day = self.of_day[self.day(now_s)]
        day[0] += 1
        day[1] += n_tokens
        self.usd += usd
        return entry

    def day(self, now_s: float) -> str:
        """Return the provider's own date."""
        return f"{(START + timedelta(seconds=now_s)).astimezone(self.zone):%Y-%m-%d}"


class SimulatedProviders(httpx.AsyncBaseTransport):
    """Every provider of a table, behind one transport."""

    def __init__(self, providers: tuple[Provider, ...], draw: random.Random) -> None:
        self._draw = draw
        self._models = {
            (httpx.URL(provider.base_url).host, model.id): (provider, model)
            for provider in providers
            for model in provider.models
        }
        self._accounts: dict[tuple[str, str], ProviderAccount] = {}
        self.n_past_a_limit = 0
        self.n_asked: Counter[str] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one chat completion after a second, or refuse it for the limit that it passes."""
        body = json.loads(request.content)
        provider, model = self._models[request.url.host, body["model"]]
        now_s = asyncio.get_running_loop().time()
        cap = body.get("max_tokens") or body.get("max_completion_tokens")
        n_prompt = round(N_GUESSED * self._draw.uniform(SHORTEST, 0.76))
        held = n_prompt + (cap if provider.counted == "all" else 0)
        used = n_prompt + (N_COMPLETION if provider.counted == "all" else 0)
        usd = price(model.usd_per_million, n_prompt, N_COMPLETION)
        accounts = [self.account(provider, model.id, model.limits), self.account(provider, "*", provider.limits)]
        self.n_asked[f"{provider.name}/{model.id}"] += 1
        if not all(account.admits(now_s, held, usd) for account in accounts):
            self.n_past_a_limit += 1
            refusal = json.dumps({"error": {"message": "a limit is passed"}})
            return httpx.Response(429, stream=httpx.ByteStream(refusal.encode()))
        entries = [account.take(now_s, held, usd) for account in accounts]
        await asyncio.sleep(1.0)
        for account, entry in zip(accounts, entries, strict=True):
            entry[1] = used
            account.of_day[account.day(now_s)][1] += used - held
        usage = {"prompt_tokens": n_prompt, "completion_tokens": N_COMPLETION}
        events: list[Any] = [{"choices": [{"delta": {"content": "yes"}, "finish_reason": "stop"}]}]
        text = "".join(f"data: {json.dumps(event)}\n\n" for event in [*events, {"choices": [], "usage": usage}])
        stream = httpx.ByteStream((text + "data: [DONE]\n\n").encode())
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=stream)

    def account(self, provider: Provider, model: str, limits: ModelLimits) -> ProviderAccount:
        """Return the account of a model, or of all of them (``*``)."""
        account = ProviderAccount(limits, ZoneInfo(provider.day_zone))
        return self._accounts.setdefault((provider.name, model), account)


@dataclass(frozen=True)
class DayResult:
    """How a day went."""

    n_questions: int
    n_served: int
    n_best: int
    n_past_a_limit: int
    n_asked: dict[str, int]
    lost_by_hour: dict[int, int]


def price(per_million: Price, n_prompt: float, n_completion: float) -> float:
    """Return what a request costs, in dollars."""
    return (n_prompt * per_million.prompt + n_completion * per_million.completion) / 1e6


def arrivals(n_questions: int, draw: random.Random) -> list[float]:
    """Draw when questions come, in seconds: most in the evening, few at night."""
    busy = [1, 1, 1, 1, 1, 1, 2, 4, 6, 7, 8, 8, 9, 8, 7, 7, 8, 9, 11, 12, 12, 10, 6, 3]
    hours = draw.choices(range(24), busy, k=n_questions)
    return sorted((hour + draw.random()) * 3600 for hour in hours)


async def simulate(n_questions: int, seed: int = 1) -> DayResult:
    """Ask a day's questions of the shipped table's free providers."""
    draw = random.Random(seed)
    providers = tuple(provider for provider in read_providers() if not provider.paid)
    keys = {provider.key_env: (SecretStr(f"key-of-{provider.name}"),) for provider in providers}
    loop, simulated = asyncio.get_running_loop(), SimulatedProviders(providers, draw)
    prompt = (PromptTurn("user", "abc" * (N_GUESSED - 4)),)
    times = arrivals(n_questions, draw)
    async with httpx.AsyncClient(transport=simulated) as client:
        clock = ForwardClock(lambda: START.timestamp() + loop.time(), loop.time)
        router = open_router(providers, keys, client, Ledger(clock=clock))

        async def ask(at_s: float) -> bool:
            await asyncio.sleep(at_s - loop.time())
            try:
                opened = await router.open(prompt, Sampling(), "en")
                return bool([piece async for piece in opened.pieces])
            except GenerationFailed:
                return False

        served = await asyncio.gather(*(ask(at_s) for at_s in times))
    lost = Counter(int(at_s // 3600) for at_s, is_served in zip(times, served, strict=True) if not is_served)
    best, asked = best_possible(times), dict(simulated.n_asked)
    return DayResult(n_questions, sum(served), best, simulated.n_past_a_limit, asked, dict(lost))


def best_possible(times: list[float]) -> int:
    """Return how many questions even a schedule that knows the day beforehand cannot go beyond.

    Gemma alone is given back each minute, and is held to that, with a minute to wait in; what is given back by the day
    or month is counted as if nothing else limited it, and taken only where Gemma is full.
    """
    per_minute = 15_000 // (N_GUESSED * SHORTEST)
    served, waiting, too_many = 0, 0, {"before 8:00": 0, "after": 0}
    by_minute = Counter(int(at_s // 60) for at_s in times)
    for minute in range(DAY_S // 60 + 2):
        here = by_minute[minute]
        capacity = int(per_minute)
        old = min(waiting, capacity)
        new = min(here, capacity - old)
        served += old + new
        too_many["before 8:00" if minute < 8 * 60 else "after"] += waiting - old
        waiting = here - new
    n_prompt = N_GUESSED * SHORTEST
    n_lite = 500  # of Flash-Lite in each of the two Pacific days that a UTC day has part in
    n_groq = 2 * (200_000 // (n_prompt + N_COMPLETION))
    n_hugging = 0.10 // price(Price(0.075, 0.30), n_prompt, N_COMPLETION)
    left = sum(max(0, n - n_lite) for n in too_many.values())
    by_lite = sum(min(n, n_lite) for n in too_many.values())
    return int(served + by_lite + min(left, n_groq + n_hugging + 50))


def report(days: list[DayResult]) -> None:
    """Print a table."""
    print(heading("questions", "answered", "best possible", "share of it", "past a limit"))
    for day in days:
        share = f"{day.n_served / day.n_best:.1%}"
        print(row(f"{day.n_questions:,}", f"{day.n_served:,}", f"{day.n_best:,}", share, day.n_past_a_limit))
    print("\nrequests of the last: " + ", ".join(f"{name} {n:,}" for name, n in days[-1].n_asked.items()))


if __name__ == "__main__":
    report([run(simulate(n)) for n in (1_000, 10_000, 20_000)])
