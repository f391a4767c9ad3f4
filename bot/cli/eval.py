"""``aion eval``: search, gate and answers measured on labelled questions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.root import app, finish


@app.command(
    "eval", epilog="Examples:  aion eval questions/ --json  ·  aion eval questions/ --answers --sheet answers.html"
)
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
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", metavar="FILE.html", help="With --answers: questions and answers side by side."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="With --answers: ask at most this many questions of each.")] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure search, gate and answers on labelled questions."""
    from bot.operator.eval import evaluate_answers, evaluate_search

    if answers:
        finish(evaluate_answers(folders, as_json, limit, sheet), as_json=as_json)
    else:
        finish(evaluate_search(folders, as_json, plot), as_json=as_json)
