"""Measuring how good it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.root import Space, app, finish


@app.command(name="eval", epilog="Example:  aion eval questions/ more-questions/ --json")
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
    from bot.operator import evaluate as evaluation

    if answers:
        finish(evaluation.evaluate_answers(folders, as_json, limit), as_json=as_json)
    else:
        finish(evaluation.evaluate(folders, as_json, plot), as_json=as_json)


@app.command(
    epilog="Examples:  aion tune questions/  ·  aion tune questions/ --space discord:1234  ·  aion tune --rollback"
)
def tune(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(help="Labelled folders, as for aion eval, with unanswerable questions.", show_default=False),
    ] = None,
    space: Annotated[
        str | None, typer.Option("--space", help="Learn from this space's ratings too, e.g. discord:1234.")
    ] = None,
    risk: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="What may be unanswerable of what is answered locally. Default: 0.1 where a provider takes the "
            "questions between; without one, the cut that tells both kinds apart best.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    search: Annotated[
        bool,
        typer.Option("--search", help="Try λ, k, chunk sizes, fusions and bands; show the best; change nothing."),
    ] = False,
    rollback: Annotated[bool, typer.Option("--rollback", help="Take the last tuning back.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Refit the gate to labelled questions and ratings; show before and after."""
    from bot.operator import tune as tuning

    if rollback:
        finish(tuning.rollback())
    elif search:
        finish(tuning.search(folders or [], as_json), as_json=as_json)
    else:
        finish(tuning.refit(folders or [], space, risk, not dry_run, as_json), as_json=as_json)


@app.command(epilog="Examples:  aion quality --space discord:1234  ·  aion quality --space telegram:-100987 --json")
def quality(
    space: Space = "global", as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Show how well a space is served: sources opened, thumbs, nDCG and MRR by thumbs."""
    from bot.operator import quality as figures

    if as_json:
        finish(figures.show_as_json(space), as_json=True)
    else:
        finish(figures.show(space))
