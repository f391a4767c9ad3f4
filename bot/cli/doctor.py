"""``aion doctor``: why AION is silent."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.root import app, finish


@app.command(epilog="Examples:  aion doctor  ·  aion doctor --json")
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False) -> None:
    """List every reason for silence, each with its mend; also while AION runs. Exit status 1: something is broken."""
    from bot.operator.doctor.report import print_findings, print_findings_as_json

    if as_json:
        finish(print_findings_as_json(), as_json=True)
    else:
        finish(print_findings())
