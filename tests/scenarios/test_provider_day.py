"""A whole day on the real limits, and what the router may cost, measured in what it does and not in time."""

from __future__ import annotations

import httpx
import pytest

from bench.router import LoopbackProvider, routed, router_over
from bench.simulated_day import run, simulate
from core.generation.providers.ledger import Ledger

pytestmark = pytest.mark.timeout(300)


def test_ten_thousand_questions_pass_no_limit_and_come_near_the_best_possible(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")
    day = run(simulate(10_000))
    assert day.n_past_a_limit == 0
    assert day.n_served >= 0.98 * day.n_best
    assert day.n_best > 9_000


def test_the_operators_order_holds_while_there_is_enough_for_everybody() -> None:
    day = run(simulate(100, seed=2))
    assert (day.n_served, day.n_past_a_limit) == (100, 0)
    assert day.n_asked["groq/openai/gpt-oss-20b"] > 50


async def test_a_connection_is_used_again() -> None:
    async with LoopbackProvider() as server, httpx.AsyncClient() as client:
        router = router_over([server], client, Ledger())
        for _ in range(5):
            await routed(router)
        assert (server.n_asked, server.n_connections) == (5, 1)
