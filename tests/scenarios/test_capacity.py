"""The model of capacity: limits of others are kept, each step begins where it says, and every figure has a source."""

from __future__ import annotations

import tomllib
from itertools import pairwise

import pytest

from bench.capacity import open_model
from bench.capacity_model import FIGURES, CapacityModel, free_per_day, read_costs
from core.generation.providers.catalogue import read_providers


@pytest.fixture(scope="module")
def model() -> CapacityModel:
    return open_model(read_costs())


def test_every_unit_cost_says_where_it_is_from() -> None:
    tables = tomllib.loads(FIGURES.read_text(encoding="utf-8"))
    for each in (cost for table in tables.values() for cost in table.values()):
        assert each["value"] > 0
        assert each["kind"] in ("measured", "published", "assumed")
        assert each["source"]


@pytest.mark.parametrize(
    ("name", "n_answers"),
    [
        ("groq", 2 * 200_000 / 2_000),  # tokens of a day, of each of two models
        ("gemini", 500 + 15_000 * 1_440 / 1_500),  # Flash-Lite by requests, Gemma by the prompt's tokens of a minute
        ("huggingface", 0.10 / 30 / (1_500 * 0.075e-6 + 500 * 0.30e-6)),
        ("openrouter", 50),
    ],
)
def test_a_free_plan_writes_what_its_tightest_limit_allows(name: str, n_answers: float) -> None:
    (provider,) = (each for each in read_providers() if each.name == name)
    assert free_per_day(provider, prompt_tokens=1_500, reply_tokens=500) == pytest.approx(n_answers)


def test_discord_asks_for_a_shard_for_each_2500_servers(model: CapacityModel) -> None:
    assert [model.needs(n).shards for n in (1, 2_500, 2_501, 100_000)] == [1, 1, 2, 40]


def test_more_communities_need_no_less(model: CapacityModel) -> None:
    rising = [model.needs(n) for n in (1, 7, 40, 300, 2_000, 9_000, 60_000)]
    for less, more in pairwise(rising):
        assert less.usd <= more.usd
        assert less.cores <= more.cores
        assert less.database_mb < more.database_mb
        assert less.free_share >= more.free_share


def test_a_step_begins_where_it_says(model: CapacityModel) -> None:
    n = model.first(lambda need: need.replicas > 1)
    assert n is not None
    assert (model.needs(n - 1).replicas, model.needs(n).replicas) == (1, 2)
    assert model.first(lambda need: need.usd < 0) is None


def test_communities_that_ask_more_outgrow_everything_sooner(model: CapacityModel) -> None:
    busy = open_model(model.costs.with_values({"guild.questions_per_day": 100}))
    for step, size in busy.steps().items():
        usual = model.steps()[step]
        assert usual is None or size is None or size <= usual
    with pytest.raises(KeyError, match="no unit cost"):
        model.costs.with_values({"guild.questions": 1})


def test_plans_that_train_are_not_counted_for_discord(model: CapacityModel) -> None:
    discord = open_model(model.costs, discord_only=True)
    assert 0 < discord.needs(1_000).free_share < model.needs(1_000).free_share
