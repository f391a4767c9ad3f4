"""A short ``make chaos``: AION killed at random moments on each database, and nothing lost, torn or done twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.chaos import chaos
from tests.postgres import PostgresServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

N_KILLS = 6


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
async def test_whatever_the_moment_of_a_kill_nothing_is_lost(
    tmp_path: Path, database: str, request: pytest.FixtureRequest
) -> None:
    url = ""
    if database == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.make("chaos")
    lives = await chaos(tmp_path / "lives", url, seed=17, n_kills=N_KILLS, audit_every=N_KILLS)
    assert not lives.tally.faults, lives.report()
    assert lives.tally.n_kills >= N_KILLS / 2
    assert lives.telegram.n_asked + lives.discord.n_asked >= N_KILLS
