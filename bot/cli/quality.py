"""``aion quality``: how well a space is served."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.root import Space, app, finish


@app.command(epilog="Examples:  aion quality --space discord:1234  ·  aion quality --space telegram:-100987 --json")
def quality(
    space: Space = "global", as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Show how well a space is served: sources opened, thumbs, nDCG and MRR by thumbs."""
    from bot.operator.quality import print_quality, print_quality_as_json

    if as_json:
        finish(print_quality_as_json(space), as_json=True)
    else:
        finish(print_quality(space))
