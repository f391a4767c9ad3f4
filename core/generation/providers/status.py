"""Provider status for operators: remaining quotas, reset times and cooldowns of each route."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, Protocol

from core.errors import BadInput
from core.generation.providers.catalogue import Provider
from core.generation.providers.ledger import Ledger, LimitUsage
from core.generation.providers.route import Amount, Route
from core.privacy.discord_rules import DiscordRules
from core.services import Allowance, PlanTraining, ProviderStatus
from core.storage.quotas import UsageCounts

_LEAST = UsageCounts(1, 1)
"""Cost of the smallest request: a route without room for it is spent."""

_NAMES: Mapping[Amount, Literal["requests", "tokens", "usd"]] = {
    "n_requests": "requests",
    "n_tokens": "tokens",
    "micro_usd": "usd",
}


class WorkerStatusSource(Protocol):
    """Returns the status of the workers, which are asked before any provider."""

    async def status(self) -> tuple[ProviderStatus, ...]:
        """Return the status of each worker, in the order they are asked."""
        ...


class ProviderStatusService:
    """Status of the providers, and the reset of their cooldowns."""

    def __init__(
        self,
        providers: Sequence[Provider],
        routes: Sequence[Route],
        ledger: Ledger,
        workers: WorkerStatusSource | None = None,
        discord_rules: DiscordRules | None = None,
    ) -> None:
        self._discord_rules = discord_rules or DiscordRules()
        self._workers = workers
        self._providers = providers
        self._routes = routes
        self._ledger = ledger

    async def status(self) -> tuple[ProviderStatus, ...]:
        """Return the status of the workers and of every route, in the order they are asked."""
        await self._ledger.refresh()
        workers = await self._workers.status() if self._workers else ()
        return (*workers, *(status for provider in self._providers for status in self._of(provider)))

    async def reset(self, name: str) -> int:
        """End the cooldowns of a provider, and return how many there were; counted usage stays.

        Raises ``BadInput`` when there is no such provider.
        """
        names = [provider.name for provider in self._providers]
        if name not in names:
            raise BadInput("providers.unknown", name=name, known=", ".join(names))
        return await self._ledger.clear_cooldowns(name)

    def _of(self, provider: Provider) -> Iterator[ProviderStatus]:
        routes = [route for route in self._routes if route.provider.name == provider.name]
        for route in routes:
            yield self._status(route)
        if not routes:
            for model in provider.models:
                state: Literal["off", "no_key"] = "off" if provider.paid else "no_key"
                yield ProviderStatus(provider.name, model.id, None, state, trains=self._trains(provider))

    def _status(self, route: Route) -> ProviderStatus:
        uses = tuple(self._ledger.uses(route))
        state = self._ledger.state_of(route, _LEAST)
        benches = self._ledger.cooldowns(route)
        is_spent = state.ready_s > self._ledger.clock.now_s()
        return ProviderStatus(
            provider=route.provider.name,
            model=route.model.id,
            key=route.last4,
            state="benched" if benches else "spent" if is_spent else "ready",
            allowances=tuple(_allowance(use) for use in uses),
            until=_moment(state.ready_s) if is_spent else None,
            reason=benches[0].reason if benches else "",
            trains=self._trains(route.provider),
        )

    def _trains(self, provider: Provider) -> PlanTraining:
        if not provider.may_train:
            return "no"
        if self._discord_rules.training_plans_allowed:
            return "allowed"
        return "unknown" if provider.trains_on_prompts == "unknown" else "refused"


def _allowance(use: LimitUsage) -> Allowance:
    scale = 1_000_000 if use.rule.kind == "micro_usd" else 1
    resets_at = datetime.fromtimestamp(int(use.resets_s), UTC)
    return Allowance(use.rule.period, _NAMES[use.rule.kind], use.n_left / scale, use.limit / scale, resets_at)


def _moment(seconds: float) -> datetime | None:
    return None if math.isinf(seconds) else datetime.fromtimestamp(int(seconds), UTC)
