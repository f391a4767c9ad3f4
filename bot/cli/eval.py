"""``aion eval``: search, gate and answers measured on labelled questions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.root import app, finish


@app.command("eval", epilog="Example:  aion eval questions/ more-questions/ --json")
def evaluate(
    folders: Annotated[
        list[Path],
        typer.Argument(help="Labelled folders: corpus.jsonl, queries.jsonl, qrels.tsv (BEIR's).", show_default=False),
    ],
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="DIR", help="Draw risk–coverage and reliability into this folder.")
    ] = None,
    answers: Annotated[
        bool, typer.Option("--answers", help="Measure the written answers instead: slow, a model writes them.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="With --answers: ask at most this many questions of each.")] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure search, gate and answers on labelled questions."""
    from bot.operator.eval import evaluate_answers, evaluate_search

    if answers:
        finish(evaluate_answers(folders, as_json, limit), as_json=as_json)
    else:
        finish(evaluate_search(folders, as_json, plot), as_json=as_json)
