"""Servers named like providers, and a router over them, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack

import httpx
from pydantic import SecretStr

from core.generation.providers.catalogue import ModelLimits, Provider, ProviderModel
from core.generation.providers.client import ProviderTimeouts
from core.generation.providers.clock import ForwardClock
from core.generation.providers.ledger import Ledger
from core.generation.providers.route import routes
from core.generation.providers.router import BUDGET_S, TIMEOUTS, Router
from core.types import Language, PromptTurn, Sampling
from tests.providers import Canned, ProviderServer

PROMPT = (PromptTurn("user", "When do you open?"),)
NOON_S = 1_795_003_200.0  # 2026-11-18 12:00 UTC


class Hands:
    """A clock that a test sets."""

    def __init__(self, now_s: float = NOON_S) -> None:
        self.wall_s = now_s
        self.ticks_s = 0.0

    def clock(self) -> ForwardClock:
        return ForwardClock(lambda: self.wall_s, lambda: self.ticks_s)

    def pass_time(self, seconds: float) -> None:
        self.wall_s += seconds
        self.ticks_s += seconds


def provider(
    name: str,
    url: str = "http://127.0.0.1:9/v1",
    *models: ProviderModel | str,
    limits: ModelLimits | None = None,
    **rest: object,
) -> Provider:
    """Return a provider with the models (one without limits, unless given)."""
    made = tuple(ProviderModel(m) if isinstance(m, str) else m for m in models) or (ProviderModel(f"{name}-1"),)
    return Provider(  # type: ignore[arg-type]
        **{
            "name": name,
            "base_url": url,
            "key_env": f"{name.upper()}_API_KEY",
            "models": made,
            "languages": frozenset({"en", "pt"}),
            "paid": False,
            "context_tokens": 4000,
            "max_output_tokens": 300,
            "limits": limits or ModelLimits(),
            "trains_on_prompts": False,
            **rest,
        }
    )


def keys_of(*providers: Provider, n_keys: int = 1) -> dict[str, tuple[SecretStr, ...]]:
    """Return keys for every provider."""
    return {p.key_env: tuple(SecretStr(f"key-of-{p.name}-{n}") for n in range(n_keys)) for p in providers}


class Walk:
    """Servers named like providers, in their order, and a router over them."""

    def __init__(self, *, ledger: Ledger | None = None, hands: Hands | None = None, **answers: list[Canned]) -> None:
        self.servers = {name: ProviderServer(*replies) for name, replies in answers.items()}
        self.hands = hands or Hands()
        self.ledger = ledger or Ledger(clock=self.hands.clock())

    async def __aenter__(self) -> Walk:
        self.stack = AsyncExitStack()
        for server in self.servers.values():
            await self.stack.enter_async_context(server)
        self.client = await self.stack.enter_async_context(httpx.AsyncClient())
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stack.aclose()

    def router(
        self,
        *names: str,
        n_keys: int = 1,
        monthly_usd: float = 0.0,
        budget_s: float = BUDGET_S,
        timeouts: ProviderTimeouts = TIMEOUTS,
        models: Sequence[ProviderModel | str] = (),
        **rest: object,
    ) -> Router:
        """Return a router over these servers (all of them, unless named); ``rest`` is true of each provider."""
        table = [provider(name, self.servers[name].url, *models, **rest) for name in names or self.servers]
        found = routes(table, keys_of(*table, n_keys=n_keys), monthly_usd)
        return Router(found, self.client, self.ledger, budget_s=budget_s, timeouts=timeouts)

    def n_asked(self) -> dict[str, int]:
        """Return how many requests each server had."""
        return {name: len(server.asked) for name, server in self.servers.items()}


async def ask(router: Router, sampling: Sampling | None = None, language: Language = "en") -> tuple[str, str]:
    """Return who answers, and the whole text."""
    opened = await router.open(PROMPT, sampling or Sampling(), language)
    return opened.generator, "".join([piece.text async for piece in opened.pieces])
