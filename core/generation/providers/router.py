"""The router: sends a prompt to the first route of the catalogue whose limits and cooldowns allow it.

The order is the operator's. Two things demote a route while others can answer: use beyond the soft share of a limit,
and a day or month quota with fewer calls left than questions are expected until it resets, so that a scarce quota
remains for when a plentiful one is busy. When no route is ready, the soonest is waited for within the answer's time.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from operator import itemgetter

import httpx
from pydantic import SecretStr

from core.errors import GenerationFailed
from core.generation.providers.catalogue import Provider
from core.generation.providers.client import ProviderGenerator, ProviderTimeouts
from core.generation.providers.cooldown import cooldown_for
from core.generation.providers.errors import OF_REQUEST, FailureKind, ProviderFailed
from core.generation.providers.forecast import Demand, Estimates
from core.generation.providers.leased_request import LeasedRequest
from core.generation.providers.ledger import Ledger
from core.generation.providers.prompt_versions import PromptVersion, PromptVersions
from core.generation.providers.route import Route, routes
from core.storage.quotas import QuotaAccount, UsageCounts
from core.types import Language, Piece, PromptTurn, Sampling

log = logging.getLogger(__name__)

BUDGET_S = 45.0
"""Most seconds until an answer's first piece, including waits and failures."""

SPARE_S = 25.0
"""Seconds that a plentiful route is waited for before a scarce one is used."""

TIMEOUTS = ProviderTimeouts(first_text_s=20.0)
"""Below ``BUDGET_S``, so that one silent provider leaves time for another."""


@dataclass(frozen=True, slots=True)
class OpenStream:
    """A reply that has begun: generator, model, and its pieces from the first on.

    The pieces raise ``GenerationFailed`` when it breaks off; there is no fallback then: part of it may have been shown.
    """

    generator: str
    model: str
    pieces: AsyncGenerator[Piece, None]


class Router:
    """Routes in order of preference. Without any it is false."""

    def __init__(
        self,
        routes: Sequence[Route] = (),
        client: httpx.AsyncClient | None = None,
        ledger: Ledger | None = None,
        *,
        timeouts: ProviderTimeouts = TIMEOUTS,
        budget_s: float = BUDGET_S,
    ) -> None:
        if routes and client is None:
            raise ValueError("routes need a client")
        self.routes = tuple(routes)
        self.ledger = ledger or Ledger()
        self._budget_s = budget_s
        self._demand = Demand()
        self._estimates = Estimates()
        self._n_failures: Counter[QuotaAccount] = Counter()
        self._generators = {
            route.account: ProviderGenerator(route.provider, route.model, route.key, client, timeouts=timeouts)
            for route in self.routes
            if client is not None
        }

    def __bool__(self) -> bool:
        """Return whether there is any route."""
        return bool(self.routes)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the distinct providers of the routes, in order."""
        return tuple(dict.fromkeys(route.provider.name for route in self.routes))

    @property
    def training(self) -> frozenset[tuple[str, str]]:
        """Return name and model of each route whose plan trains on what it is sent, or may."""
        return frozenset((route.provider.name, route.model.id) for route in self.routes if route.provider.may_train)

    def any_without(self, without: Collection[tuple[str, str]]) -> bool:
        """Return whether there is a route but those to the names and models in ``without``."""
        return any((route.provider.name, route.model.id) not in without for route in self.routes)

    async def open(
        self,
        prompt: Sequence[PromptTurn],
        sampling: Sampling,
        language: Language,
        smaller: Sequence[Sequence[PromptTurn]] = (),
        without: Collection[tuple[str, str]] = (),
    ) -> OpenStream:
        """Return the reply of the first usable route that writes a first piece.

        ``smaller`` are shorter versions of the prompt, in falling size, for routes that the full one does not fit.
        ``without`` are names and models that are not asked.
        Raises ``GenerationFailed`` when no route does within the time budget.
        """
        loop_s = asyncio.get_running_loop().time
        end_s = loop_s() + self._budget_s
        versions = PromptVersions((prompt, *smaller))
        candidates = [
            route
            for route in self.routes
            if language in route.provider.languages
            and versions.fitting(route)
            and (route.provider.name, route.model.id) not in without
        ]
        failures: list[str] = []
        failed: set[QuotaAccount] = set()
        self._demand.note(self.ledger.clock.now_s())
        spare_until_s = self.ledger.clock.now_s() + SPARE_S
        await self.ledger.refresh()
        while candidates:
            route, wait_s = self._next(candidates, versions, sampling, spare_until_s)
            if route is None or loop_s() + wait_s > end_s:
                break
            if wait_s > 0:
                await asyncio.sleep(wait_s)
                continue
            try:
                opened = await self._ask(route, versions.of(route), sampling, end_s)
            except ProviderFailed as failure:
                failures.append(f"{route.provider.name}/{route.model.id} {failure}")
                log.warning("no answer from %s", failures[-1])
                if failure.kind is FailureKind.TOO_LARGE and versions.shrink(route):
                    continue
                if failure.kind is not FailureKind.QUOTA or route.account in failed:
                    candidates = [other for other in candidates if not _shares(other, route, failure)]
                failed.add(route.account)  # retried once: a spent minute may end within the budget
            else:
                if opened:
                    return opened
        raise GenerationFailed("; ".join(failures) or ("nobody may be asked now" if candidates else "nobody to ask"))

    def _next(
        self, candidates: Sequence[Route], versions: PromptVersions, sampling: Sampling, spare_until_s: float
    ) -> tuple[Route | None, float]:
        """Return the best route and the seconds until it is ready; ``None`` when none ever is.

        A plentiful route that is ready by ``spare_until_s`` is waited for before a scarce one is used.
        """
        now_s = self.ledger.clock.now_s()
        kept: dict[bool, Route] = {}  # the first that is scarce, and the first past its soft share
        soonest: dict[bool, tuple[float, Route]] = {}  # of the plentiful, and of the others
        for route in candidates:
            state = self.ledger.state_of(route, self._cost(route, versions.of(route).n_tokens, sampling))
            is_full = state.share > route.provider.soft_share
            is_scarce = any(self._demand.expected(until_s) > n_calls for n_calls, until_s in state.calls_left)
            is_plentiful = not (is_full or is_scarce)
            if state.ready_s <= now_s and is_plentiful:
                return route, 0.0
            if state.ready_s <= now_s:
                kept.setdefault(is_full, route)
            elif state.ready_s < soonest.get(is_plentiful, (math.inf,))[0]:
                soonest[is_plentiful] = state.ready_s, route
        if kept and True in soonest and soonest[True][0] <= spare_until_s:
            return soonest[True][1], soonest[True][0] - now_s
        if kept:
            return kept.get(False) or kept[True], 0.0
        if not soonest:
            return None, math.inf
        ready_s, route = min(soonest.values(), key=itemgetter(0))
        return route, ready_s - now_s

    def _cost(self, route: Route, n_prompt: int, sampling: Sampling) -> UsageCounts:
        """Return the cost to lease for a request: its prompt and its longest reply."""
        n_completion = min(sampling.max_new_tokens, route.provider.max_output_tokens)
        return route.cost(self._estimates.n_prompt(route.account, n_prompt), n_completion)

    async def _ask(self, route: Route, version: PromptVersion, sampling: Sampling, end_s: float) -> OpenStream | None:
        """Return the reply that a route begins; ``None`` when its limit turns out to be reached.

        Raises ``ProviderFailed``; the end of the time budget starts no cooldown.
        """
        n_prompt = version.n_tokens
        lease = self.ledger.lease(route, self._cost(route, n_prompt, sampling))
        if not await self.ledger.confirm(lease, route.provider.soft_share):
            return None
        learn = partial(self._estimates.learn, route.account, n_prompt)
        call = LeasedRequest(self.ledger, lease, self._estimates.n_prompt(route.account, n_prompt), learn)
        pieces = self._generators[route.account].ask(version.turns, sampling, call)
        try:
            async with asyncio.timeout_at(end_s):
                first = await anext(pieces)
        except ProviderFailed as failure:
            call.refused()
            if stated := failure.limit:
                self.ledger.observe(route, stated.period, stated.kind, stated.limit, stated.n_left)
            self._register_failure(route, failure, has_begun=False)
            raise
        except TimeoutError:
            call.settle()
            raise ProviderFailed(FailureKind.NETWORK, "the time for this answer is over") from None
        except asyncio.CancelledError:  # the asker left
            call.settle()
            raise
        return OpenStream(route.provider.name, route.model.id, self._rest(route, call, first, pieces))

    async def _rest(
        self, route: Route, call: LeasedRequest, first: Piece, pieces: AsyncGenerator[Piece, None]
    ) -> AsyncGenerator[Piece, None]:
        """Yield the whole reply; closing it early is no failure."""
        try:
            async with aclosing(pieces):
                call.wrote(first.text)
                yield first
                async for piece in pieces:
                    call.wrote(piece.text)
                    yield piece
            self._n_failures.pop(route.account, None)
        except ProviderFailed as failure:
            self._register_failure(route, failure, has_begun=True)
            raise
        finally:
            call.settle()

    def _register_failure(self, route: Route, failure: ProviderFailed, *, has_begun: bool) -> None:
        self._n_failures[route.account] += failure.kind not in (FailureKind.QUOTA, *OF_REQUEST)
        n_in_a_row = self._n_failures[route.account]
        bench = cooldown_for(route, failure, n_in_a_row, self.ledger.clock.now_s(), has_begun)
        if bench:
            self.ledger.cool_down(bench)


def open_router(
    providers: Sequence[Provider],
    keys: Mapping[str, Sequence[SecretStr]],
    client: httpx.AsyncClient,
    ledger: Ledger | None = None,
    *,
    monthly_usd: float = 0.0,
) -> Router:
    """Return the router over every provider with ``keys``, given by the name of their environment variable.

    A paid provider needs a ``monthly_usd`` above 0, which limits its use.
    """
    return Router(routes(providers, keys, monthly_usd), client, ledger)


def _shares(other: Route, route: Route, failure: ProviderFailed) -> bool:
    """Return whether ``other`` would fail as ``route`` did: the same account, invalid key, or unreachable provider."""
    match failure.kind:
        case FailureKind.NETWORK:
            return other.of_provider == route.of_provider
        case FailureKind.AUTH:
            return other.of_key == route.of_key
        case _:
            return other.account == route.account
