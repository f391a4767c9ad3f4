"""``aion eval``: how well questions of labelled folders are found and judged, with the embedder of the settings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from bot.library import teller
from bot.logs import log_to_file
from core.assessment import assess
from core.evaluation.cached import CachedEmbedder
from core.evaluation.dataset import read_labelled
from core.evaluation.harness import as_json, as_table
from core.retrieval.embed import open_embedder
from core.settings import read_settings


async def evaluate(folders: Sequence[Path], as_json_text: bool) -> None:
    """Print every measure of every folder, as a table or as JSON; what is being done goes to the standard error."""
    settings, console = read_settings(), Console(stderr=True)
    embedder = open_embedder(settings.embedder, settings.models_dir, teller(console))
    log_to_file(settings)
    cached = CachedEmbedder(embedder, settings.data_dir / "eval-vectors.sqlite")
    sets = [read_labelled(folder) for folder in folders]
    measured = {
        data.name: await assess(data, cached, tell=lambda line: console.print(line, style="dim")) for data in sets
    }
    out = Console(soft_wrap=True, highlight=False)
    out.print(json.dumps(as_json(measured), indent=1) if as_json_text else as_table(measured), markup=False)
