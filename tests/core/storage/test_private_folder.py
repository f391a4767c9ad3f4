from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.assembly.bootstrap import assemble
from core.settings import Settings
from core.storage.private_folder import is_private, open_private_folder
from core.types import GLOBAL
from plugins import load_plugins
from tests.fakes import ScriptedGenerator, WordEmbedder


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """A umask that keeps nothing from anybody."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    """Return the mode of a folder and of everything in it, where it is open to others."""
    paths = [folder, *folder.rglob("*")]
    return {str(path): oct(path.stat().st_mode) for path in paths if path.stat().st_mode & 0o077}


@pytest.mark.sqlite
async def test_a_data_folder_is_its_owner_s_alone_whatever_the_umask(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "data"
    settings = Settings(_env_file=None, AION_DATA_DIR=folder)
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as aion:
        await aion.ingest.index_file(GLOBAL, "a.md", b"# Kiln\n\nThe kiln opens at nine.\n")
        await aion.ready(GLOBAL)
        assert not modes(folder)
        assert {path.name for path in folder.iterdir()} >= {"aion.db", "aion.lock", "person.key", "indexes"}


def test_an_open_folder_is_tightened_and_what_is_not_aion_s_left_alone(tmp_path: Path) -> None:
    folder, models = tmp_path / "data", tmp_path / "data" / "models" / "deep"
    models.mkdir(parents=True)
    for path in (folder / "aion.db", models / "weights", folder / "holiday.txt", tmp_path / "elsewhere"):
        path.write_text("")
    (models / "link").symlink_to(tmp_path / "elsewhere")
    assert not is_private(folder)
    open_private_folder(folder)
    assert is_private(folder)
    assert set(modes(folder)) == {str(folder / "holiday.txt"), str(models / "link")}
    assert (tmp_path / "elsewhere").stat().st_mode & 0o777 == 0o666
