"""Trials end by their thumbs, and training starts when there is enough to learn."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.models.lora import WEIGHTS, Base, LoraManifest, write_manifest
from core.models.registry import LoraRegistry
from core.storage.answers import Answers, NewAnswer
from core.storage.database import Database
from core.storage.delivery.webhooks import Webhooks
from core.storage.training_ratings import RatedAnswers, RatingTally
from core.training.auto_promotion import AutoPromotion, is_worse
from core.training.promotion import Promotion
from core.types import Confidence, Decision, Generation, PromptTurn, Sampling, SpaceId

HERE = SpaceId("discord:1")
BASE = Base("smollm2", "abc")


class World:
    """A database with answers of versions, and a rollout over it."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.registry = LoraRegistry(folder / "loras")
        out = folder / "out"
        out.mkdir()
        (out / "adapter_config.json").write_text("{}")
        (out / WEIGHTS).write_bytes(b"1")
        write_manifest(out, LoraManifest(BASE.id, BASE.hash, 16, 32.0, ("q_proj",)))
        self.registry.add(out)
        self.folder = folder / "training"
        self.webhooks = Webhooks(database)

    def rollout(self, after: int = 0, *command: str) -> AutoPromotion:
        rated = RatedAnswers(self.database)
        promotion = Promotion(self.registry, self.webhooks)
        return AutoPromotion(rated, promotion, lambda: BASE, self.folder, after, command)

    async def answers(self, version: str | None, thumb: str, n: int) -> None:
        answers = Answers(self.database)
        for i in range(n):
            written = Generation("x", "local", "smollm2", (PromptTurn("user", "?"),), Sampling(), (), version)
            decision = Decision("local", Confidence(0.9, 0.8, (), {}))
            new = NewAnswer(HERE, "a", "c", "?", "en", (), decision, "x", "local", (), written)
            await answers.rate(HERE, await answers.record(new), f"p{i}", thumb)


@pytest.fixture
async def world(tmp_path: Path):
    async with await Database.open(tmp_path / "data") as database:
        yield World(database, tmp_path)


def stage(world: World) -> str:
    return world.registry.get("v1").stage


async def test_a_trial_that_is_disliked_more_is_rolled_back(world: World) -> None:
    world.registry.start_trial("v1", BASE, 0.1, 50)
    await world.answers(None, "up", 20)
    await world.answers("v1", "down", 4)
    assert "4 👎" in await world.rollout().watch_trial()
    assert stage(world) == "trial"  # too few to make anything of
    await world.answers("v1", "down", 4)
    assert "rolled back" in await world.rollout().watch_trial()
    assert stage(world) == "retired"
    assert await world.rollout().watch_trial() == "nothing is on trial"


async def test_a_trial_that_does_no_worse_is_promoted_after_its_answers(world: World) -> None:
    world.registry.start_trial("v1", BASE, 0.1, 12)
    await world.answers(None, "up", 8)
    await world.answers("v1", "up", 9)
    await world.answers("v1", "down", 2)
    await world.rollout().watch_trial()
    assert stage(world) == "trial"
    await world.answers("v1", "up", 1)
    hook = await world.webhooks.add(HERE, "https://example.org/hook", ["lora.promoted"])
    assert "promoted after 12" in await world.rollout().watch_trial()
    [told] = await world.webhooks.waiting(hook, 9)
    assert '"version": "v1"' in told.body
    assert stage(world) == "promoted"


def test_what_everybody_dislikes_alike_is_no_worse() -> None:
    assert not is_worse(RatingTally(10, 5, 5), RatingTally(90, 45, 45))
    assert is_worse(RatingTally(20, 2, 18), RatingTally(90, 80, 10))


async def test_training_starts_with_enough_new_ratings_and_once(world: World) -> None:
    write = (sys.executable, "-c", "print('v2 is a candidate')")
    assert "0: nothing" in await world.rollout(0, *write).train_when_due()
    await world.answers(None, "up", 3)
    assert await world.rollout(4, *write).train_when_due() == "3 of 4 new ratings"
    assert (await world.rollout(3, *write).train_when_due()).endswith("v2 is a candidate")
    assert await world.rollout(3, *write).train_when_due() == "0 of 3 new ratings"
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert await RatedAnswers(world.database).count_since(tomorrow) == 0


async def test_a_rating_from_just_before_training_is_not_new_again(world: World) -> None:
    rollout = world.rollout(1, sys.executable, "-c", "")
    for _ in range(5):
        before = datetime.now(UTC)
        rollout._mark()
        assert (last := rollout._last()) is not None and last >= before


async def test_training_that_fails_is_told_with_its_last_words(world: World) -> None:
    await world.answers(None, "up", 1)
    with pytest.raises(RuntimeError, match="no memory"):
        await world.rollout(1, sys.executable, "-c", "import sys; sys.exit('no memory')").train_when_due()
