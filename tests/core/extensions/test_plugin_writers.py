"""Plugins' writers: asked where they are enabled, checked as any other, passed over where they fail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import core.extensions.plugin_writers as limits
from core.commands import Registry
from core.errors import GenerationFailed
from core.extensions.host import MAX_FAILURES, PluginHost
from core.extensions.plugin_writers import PluginWriters
from core.extensions.testing import written
from core.generation.providers.router import Router
from core.generation.writer import Writers
from core.storage.database import Database
from core.storage.plugin_grants import PluginGrants
from core.types import PromptTurn, Sampling, SpaceId
from tests.fakes import TickingGenerator, WordEmbedder
from tests.passages import found, hit
from tests.providers import says
from tests.routing import Walk

HERE, THERE = SpaceId("discord:1"), SpaceId("discord:2")

PLUGIN = """# /// aion
# name = "{name}"
# version = "2"
# description = {{ en = "A writer of the tests" }}
# generators = ["sage"]
# ///
import asyncio, time

ASKED = []

async def write(task):
    ASKED.append(task)
    {code}

def register(registry):
    registry.add_generator("sage", write)
"""

HARM = {
    "raises": "raise RuntimeError('no')",
    "waits": "await asyncio.sleep(60)",
    "blocks": "time.sleep(0.6)",
    "floods": "return 'At nine [1]. ' * 5000",
    "returns nothing": "return None",
}

FOUND = found(
    "When does the library open on Saturdays?",
    [hit("The library opens at nine o'clock on Saturdays.", number=1), hit("The pool opens at seven.", number=2)],
)


async def show(so_far: str) -> None:
    """Show nothing."""


class World:
    """A host of writers, each a plugin of its own."""

    def __init__(self, folder: Path, grants: PluginGrants) -> None:
        self.folder, self.host = folder, PluginHost(folder, grants, Registry())

    async def load(self, name: str, code: str) -> None:
        """Write a plugin, read the files anew and enable it here."""
        (self.folder / f"{name}.py").write_text(PLUGIN.format(name=name, code=code))
        await self.host.reload()
        card = next(card for card in await self.host.cards(HERE, "en") if card.name == name)
        assert not card.problem, card.problem
        await self.host.enable(HERE, name, card.digest)

    def writers(self, router: Router | None = None, local: str = "It opens at 10:30 [1].") -> Writers:
        """Return writers whose local model writes what does not stand."""
        plugins = PluginWriters(self.host).of
        return Writers(TickingGenerator(local), router or Router(), WordEmbedder(), "abstain", plugins=plugins)

    def asked(self, name: str) -> list[object]:
        """Return what a plugin was asked to write."""
        return next(list(each.module.ASKED) for each in self.host.loaded if each.name == name)


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path, PluginGrants(database))
    await world.host.start()
    yield world
    await world.host.close()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WRITE_S", 0.1)
    monkeypatch.setattr("core.extensions.plugin_thread.GRACE_S", 0.1)


async def test_it_writes_after_the_local_model_and_before_providers_where_it_is_enabled(world: World) -> None:
    await world.load("oracle", "return 'It opens at nine o\\'clock [1].'")
    async with Walk(groq=[says("At nine [1].")]) as walk:
        writers = world.writers(walk.router())
        draft = await writers.provided(FOUND, show, space=HERE)
        assert (draft.used, draft.model) == ("plugin:oracle.sage", "oracle 2")
        assert draft.text == "It opens at nine o'clock [1]." and draft.sources[0].passage_id == 1
        assert draft.generation is not None and draft.generation.prompt == world.asked("oracle")[0].turns
        assert (await writers.provided(FOUND, show, space=THERE)).used == "groq"
    assert len(world.asked("oracle")) == 1
    wrote = await world.writers(local="It opens at nine o'clock [1].").provided(FOUND, show, space=HERE)
    assert wrote.used == "local" and len(world.asked("oracle")) == 1


@pytest.mark.parametrize(
    "reply",
    ["It opens at 11:45 [1].", "It opens at nine o'clock [7].", "Nobody can enter before lunch.", "NO_ANSWER", ""],
)
async def test_what_does_not_stand_is_dropped_and_the_next_is_asked(world: World, reply: str) -> None:
    await world.load("aaa", f"return {reply!r}")
    await world.load("oracle", "return 'It opens at nine o\\'clock [1].'")
    draft = await world.writers().provided(FOUND, show, space=HERE)
    assert draft.used == "plugin:oracle.sage"
    assert len(world.asked("aaa")) == 1


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("code", HARM.values(), ids=HARM)
async def test_harm_stays_with_the_plugin(world: World, code: str) -> None:
    await world.load("oracle", code)
    for _ in range(MAX_FAILURES + 1):
        async with Walk(groq=[says("At nine [1].")]) as walk:
            assert (await world.writers(walk.router()).grounded(FOUND, show, HERE)).used == "groq"
    assert await PluginWriters(world.host).of(HERE) == (), "it is stopped"
    assert (await world.host.cards(HERE, "en"))[0].state == "stopped"


async def test_a_writer_that_is_gone_writes_nothing(world: World) -> None:
    await world.load("oracle", "return 'At nine [1].'")
    [model] = await PluginWriters(world.host).of(HERE)
    (world.folder / "oracle.py").unlink()
    await world.host.reload()
    with pytest.raises(GenerationFailed):
        await anext(model.stream((PromptTurn("user", "?"),), Sampling()))


@pytest.mark.parametrize("writer", ["local", "provider", "extract"])
async def test_it_is_asked_only_where_anybody_may_write(world: World, writer: str) -> None:
    await world.load("oracle", "return 'It opens at nine o\\'clock [1].'")
    writers = Writers(
        TickingGenerator("No."),
        Router(),
        WordEmbedder(),
        "abstain",
        writer=writer,  # type: ignore[arg-type]  # one of its words
        plugins=PluginWriters(world.host).of,
    )
    assert (await writers.grounded(FOUND, show, HERE)).used == "extract"
    assert world.asked("oracle") == []


def test_the_harness_lets_it_write(tmp_path: Path) -> None:
    plugin = tmp_path / "oracle.py"
    plugin.write_text(PLUGIN.format(name="oracle", code="return task.turns[-1].content.upper()"))
    assert written(plugin, "sage", "When?") == "WHEN?"
