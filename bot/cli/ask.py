"""``aion ask``: many questions answered with the models loaded once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.root import app, finish


@app.command(epilog="Example:  aion ask questions.jsonl --json > answers.jsonl")
def ask(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.jsonl", help='One question a line: {"id": "1", "text": "When …?"}')
    ],
    space: Annotated[
        str | None, typer.Option("--space", help="The space to ask in, e.g. discord:1234; the terminal's by default.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Never repeat an answer that was given before.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Answer the questions of a file, each as a conversation of its own."""
    from bot.operator.ask import answer_file

    finish(answer_file(file, space, fresh, as_json), as_json=as_json)
