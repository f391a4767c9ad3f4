"""``aion train export``: writes training data of what communities and people agreed to."""

from __future__ import annotations

from pathlib import Path

from bot.terminal.open_data_folder import open_data_folder
from bot.terminal.output import print_line, print_sentence
from core.assembly.exporter import open_exporter
from core.assembly.person_key import open_pseudonyms
from core.generation.providers.catalogue import read_providers
from core.offload import offload
from core.settings import read_settings
from core.types import SpaceId


async def export_training_data(folder: Path, space: str | None) -> None:
    """Write SFT, KTO and reward files of one space, or of all, into ``folder``; print their line counts."""
    settings = read_settings()
    async with open_data_folder() as opened:
        providers = await offload(read_providers, settings.providers_file)
        pseudonyms = await open_pseudonyms(settings)
        exporter = open_exporter(opened.database, settings, providers, pseudonyms)
        exported = await exporter.export(folder, SpaceId(space) if space else None)
    for name, n_lines in exported.n_lines.items():
        print_line(f"{n_lines:6}  {folder / name}")
    print_sentence("learn.exported", n_spaces=exported.n_spaces)
    if exported.n_withheld:
        print_sentence("learn.withheld", n=exported.n_withheld)
    if exported.n_over_cap or exported.n_quarantined:
        print_sentence("learn.left_out", n_over_cap=exported.n_over_cap, n_quarantined=exported.n_quarantined)
