"""Measuring how good it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.root import app, finish


@app.command(name="eval", epilog="Example:  aion eval questions/ more-questions/ --json")
def evaluate(
    folders: Annotated[
        list[Path],
        typer.Argument(help="Labelled folders: corpus.jsonl, queries.jsonl, qrels.tsv (BEIR's).", show_default=False),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure search and gate on labelled questions."""
    from bot import evaluation

    finish(evaluation.evaluate(folders, as_json))
