"""``aion tune``: the gate refitted to labelled questions and ratings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.root import app, finish


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
    from bot.operator.tune import refit_gate, rollback_gate, sweep_settings

    if rollback:
        finish(rollback_gate())
    elif search:
        finish(sweep_settings(folders or [], as_json), as_json=as_json)
    else:
        finish(refit_gate(folders or [], space, risk, not dry_run, as_json), as_json=as_json)
