"""Jobs, search engines and readers of files that plugins register: named, enabled space by space, isolated."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

import core.extensions.plugin_work as limits
from core.commands import Registry
from core.errors import BadInput, PluginFailed
from core.extensions.contributions import FoundPage
from core.extensions.host import MAX_FAILURES, PluginHost
from core.extensions.plugin_work import PluginWork
from core.extensions.testing import extracted, found, ran
from core.markdown import Markdown
from core.storage.database import Database
from core.storage.plugin_grants import PluginGrants
from core.types import Language, SpaceId

HERE, THERE = SpaceId("discord:1"), SpaceId("discord:2")

PLUGIN = """# /// aion
# name = "tools"
# description = {{ en = "Tools of the tests" }}
# jobs = ["sweep"]
# engines = ["shelf"]
# extractors = [".abc"]
# ///
import asyncio, time
from datetime import timedelta
from core.extensions.contributions import FoundPage
from core.markdown import Markdown

LEFT = []

async def leave():
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        LEFT.append("cancelled")
        raise

async def sweep(run):
    {harm}
    await run.tell_moderators(Markdown(f"swept {{run.space}} in {{run.language}}"))

async def shelf(theme, language):
    {harm}
    return [FoundPage(f"https://example.org/{{theme}}", "A shelf")]

async def extract(data, name):
    {harm}
    return "# " + data.decode().upper()

def register(registry):
    registry.add_job("sweep", timedelta(hours=1), sweep)
    registry.add_search_engine("shelf", shelf)
    registry.add_extractor(".abc", extract)
"""

HARM = {
    "raises": "raise RuntimeError('no')",
    "exits": "raise SystemExit(3)",
    "waits": "await asyncio.sleep(60)",
    "spins": "while True: pass",
    "blocks": "time.sleep(0.6)",
}


class World:
    """A host of the plugins in a folder, and what their jobs told moderators."""

    def __init__(self, folder: Path, grants: PluginGrants) -> None:
        self.file, self.grants = folder / "tools.py", grants
        self.told: list[tuple[SpaceId, str]] = []
        self.host = PluginHost(folder, grants, Registry())
        self.work = PluginWork(self.host, grants, self._tell, self._language)

    async def load(self, harm: str = "pass", source: str = PLUGIN) -> None:
        """Write the plugin, read the files anew and enable it here."""
        self.file.write_text(source.format(harm=harm))
        await self.host.reload()
        [card] = await self.host.cards(HERE, "en")
        assert not card.problem, card.problem
        await self.host.enable(HERE, "tools", card.digest)

    async def _tell(self, space: SpaceId, text: Markdown) -> None:
        self.told.append((space, text))

    async def _language(self, space: SpaceId) -> Language:
        return "pt"


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path, PluginGrants(database))
    await world.host.start()
    yield world
    await world.host.close()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JOB_S", "SEARCH_S", "EXTRACT_S"):
        monkeypatch.setattr(limits, name, 0.1)
    monkeypatch.setattr("core.extensions.plugin_thread.GRACE_S", 0.1)


async def test_each_acts_where_it_is_enabled_and_nowhere_else(world: World) -> None:
    await world.load()
    [job] = world.work.jobs()
    assert (job.name, job.every) == ("tools.sweep", timedelta(hours=1))
    assert await job.run() == "ran in 1 spaces, failed in 0"
    assert world.told == [(HERE, "swept discord:1 in pt")]
    assert await world.work.find_pages(HERE, "oak", "en") == (FoundPage("https://example.org/oak", "A shelf"),)
    assert await world.work.find_pages(THERE, "oak", "en") == ()
    assert await world.work.extract(HERE, "Notes.ABC", b"keys") == "# KEYS"
    assert await world.work.takes(HERE, "a.abc") and not await world.work.takes(THERE, "a.abc")
    assert await world.work.extract(HERE, "notes.md", b"keys") is None
    assert await world.work.extract(THERE, "notes.abc", b"keys") is None
    await world.host.disable(HERE, "tools")
    assert await job.run() == "ran in 0 spaces, failed in 0"


async def test_changed_code_does_nothing_until_it_is_enabled_again(world: World) -> None:
    await world.load()
    world.file.write_text(PLUGIN.format(harm="pass") + "\n# another version\n")
    await world.host.reload()
    assert await world.work.find_pages(HERE, "oak", "en") == ()
    assert not await world.work.takes(HERE, "a.abc")
    [job] = world.work.jobs()
    assert await job.run() == "ran in 0 spaces, failed in 0"


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("harm", HARM.values(), ids=HARM)
async def test_harm_stays_with_the_plugin(world: World, harm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.load(harm)
    [job] = world.work.jobs()
    with pytest.raises(PluginFailed, match="ran in 1 spaces, failed in 1"):
        await job.run()
    assert await world.work.find_pages(HERE, "oak", "en") == ()
    for _ in range(MAX_FAILURES):
        if await world.work.takes(HERE, "a.abc"):
            with pytest.raises(BadInput, match=r"plugin\.failed"):
                await world.work.extract(HERE, "a.abc", b"keys")
    assert world.work.jobs() == [], "it is stopped"
    assert (await world.host.cards(HERE, "en"))[0].state == "stopped"
    assert world.told == []
    monkeypatch.setattr(limits, "EXTRACT_S", 30.0)
    await world.load()
    assert await world.work.extract(HERE, "a.abc", b"keys") == "# KEYS"


async def test_tasks_that_are_left_behind_end_with_the_run(world: World) -> None:
    await world.load("LEFT.append(asyncio.create_task(leave())); await asyncio.sleep(0)")
    [job] = world.work.jobs()
    await job.run()
    [plugin] = world.host.loaded
    assert plugin.module.LEFT[-1] == "cancelled" and plugin.module.LEFT[0].cancelled()


async def test_a_job_tells_so_much_and_no_more(world: World) -> None:
    told = "    await run.tell_moderators("
    await world.load(source=PLUGIN.replace(told, "    for _ in range(99):\n        await run.tell_moderators("))
    [job] = world.work.jobs()
    with pytest.raises(PluginFailed, match="ran in 1 spaces, failed in 1"):
        await job.run()
    assert len(world.told) == 5


@pytest.mark.parametrize(
    ("replaced", "by", "problem"),
    [
        ('# jobs = ["sweep"]', "# jobs = []", "its manifest names jobs"),
        ('# engines = ["shelf"]', '# engines = ["shelf", "attic"]', "its manifest names engines"),
        ('# extractors = [".abc"]', '# extractors = [".xyz"]', "its manifest names extractors"),
        ("timedelta(hours=1)", "timedelta(seconds=1)", "more often than a minute"),
        ("timedelta(hours=1)", "3600", "more often than a minute"),
        ('".abc", extract)', '"../abc", extract)', "is not like .abc"),
        ("async def shelf", "def shelf", "async def"),
        ("import asyncio, time", "import asyncio, time, missing_library", "missing_library"),
    ],
)
async def test_what_is_registered_is_what_the_manifest_names(
    world: World, replaced: str, by: str, problem: str
) -> None:
    assert replaced in PLUGIN.format(harm="pass")
    world.file.write_text(PLUGIN.format(harm="pass").replace(replaced, by))
    await world.host.reload()
    [card] = await world.host.cards(HERE, "en")
    assert card.state == "broken" and problem in card.problem


@pytest.mark.parametrize("returned", ["[3]", "['https://example.org']", "None"])
async def test_an_engine_that_returns_something_else_finds_nothing(world: World, returned: str) -> None:
    await world.load(f"return {returned}")
    assert await world.work.find_pages(HERE, "oak", "en") == ()


def test_the_harness_calls_each_in_five_lines(tmp_path: Path) -> None:
    plugin = tmp_path / "tools.py"
    plugin.write_text(PLUGIN.format(harm="pass"))
    assert ran(plugin, "sweep") == ["swept terminal:test in en"]
    assert found(plugin, "shelf", "oak") == [FoundPage("https://example.org/oak", "A shelf")]
    assert extracted(plugin, "a.abc", b"keys") == "# KEYS"
