"""Plugins of installed packages: read without being imported, pinned with all their files, isolated as files are."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path

import pytest

from core.commands import Registry
from core.extensions import host as hosts
from core.extensions.host import PluginHost, read_all
from core.extensions.installed import GROUP, read_installed
from core.extensions.manifest import PluginSource
from core.storage.database import Database
from core.storage.plugin_grants import PluginGrants
from core.types import SpaceId

HERE = SpaceId("discord:1")

MANIFEST = '# /// aion\n# name = "dice"\n# description = { en = "Dice" }\n# ///\n'
MODULE = (
    MANIFEST
    + """
from core.commands import Command
from core.markdown import escape
from .sides import SIDES

async def roll(context):
    await context.reply(escape(str(SIDES)))

def register(registry):
    registry.add(Command("roll", {"en": "Roll"}, roll))
"""
)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Install a package of two modules, by hand, and return the folder of installed packages."""
    site = tmp_path / "site"
    (site / "dicebox").mkdir(parents=True)
    (site / "dicebox/__init__.py").write_text("")
    (site / "dicebox/plugin.py").write_text(MODULE)
    (site / "dicebox/sides.py").write_text("SIDES = 6\n")
    info = site / "dicebox-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dicebox\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\ndice = dicebox.plugin\n")
    names = ("dicebox/__init__.py", "dicebox/plugin.py", "dicebox/sides.py", "dicebox-1.0.dist-info/METADATA")
    (info / "RECORD").write_text("".join(f"{name},,\n" for name in names))
    monkeypatch.syspath_prepend(str(site))
    yield site
    for name in [name for name in sys.modules if name.partition(".")[0] == "dicebox"]:
        del sys.modules[name]


def points(site: Path) -> list[EntryPoint]:
    installed: list[Distribution] = list(distributions(path=[str(site)]))
    return [point for each in installed for point in each.entry_points if point.group == GROUP]


def read(site: Path) -> tuple[dict[str, PluginSource], dict[str, str]]:
    sources, broken = dict[str, PluginSource](), dict[str, str]()
    read_installed(sources, broken, points(site))
    return sources, broken


def test_it_is_read_without_being_imported_and_pinned_with_every_file(site: Path) -> None:
    sources, broken = read(site)
    before = sources["dice"].digest
    assert not broken and "dicebox" not in sys.modules
    (site / "dicebox/sides.py").write_text("SIDES = 20\n")
    assert read(site)[0]["dice"].digest != before


async def test_it_does_nothing_until_it_is_enabled_as_it_is(
    site: Path, tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "read_installed", lambda sources, broken: read_installed(sources, broken, points(site)))
    registry = Registry()
    host = PluginHost(tmp_path, PluginGrants(database), registry)
    await host.start()
    [card] = await host.cards(HERE, "en")
    assert (card.name, card.state, card.commands) == ("dice", "off", ("roll",)) and registry.get("roll")
    assert await host.enabled(HERE) == []
    await host.enable(HERE, "dice", card.digest)
    assert [plugin.name for plugin in await host.enabled(HERE)] == ["dice"]
    (site / "dicebox/sides.py").write_text("SIDES = 20\n")
    await host.reload()
    assert (await host.cards(HERE, "en"))[0].state == "changed" and await host.enabled(HERE) == []
    await host.close()


@pytest.mark.parametrize(
    ("module", "value", "problem"),
    [
        ("import os\n", "dicebox.plugin", "is missing"),
        (MODULE.replace('"dice"', '"other"'), "dicebox.plugin", "name"),
        (MODULE, "dicebox.nothing", "lists no such module"),
        (MODULE, "os.path", "lists no such module"),
    ],
)
def test_one_that_cannot_be_read_says_why(site: Path, module: str, value: str, problem: str) -> None:
    (site / "dicebox/plugin.py").write_text(module)
    (site / "dicebox-1.0.dist-info/entry_points.txt").write_text(f"[{GROUP}]\ndice = {value}\n")
    sources, broken = read(site)
    assert not sources and problem in broken["dice"]


def test_a_file_goes_before_a_package_of_its_name(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "read_installed", lambda sources, broken: read_installed(sources, broken, points(site)))
    (tmp_path / "dice.py").write_text(MANIFEST)
    sources, _ = read_all(tmp_path)
    assert sources["dice"].path == tmp_path / "dice.py"
