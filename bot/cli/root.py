"""The root of the ``aion`` command, and the run of a subcommand's coroutine.

Subcommands import their work when they are called, so that ``aion --help`` loads nothing heavy.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    name="aion",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"aion {version('aion-memory')}")
        raise typer.Exit


@app.callback(help="A community's memory: answers from what it was taught, and says so when it does not know.")
def aion(
    _is_asked: Annotated[
        bool,
        typer.Option("--version", help="Print the version and leave.", is_eager=True, callback=_tell_version),
    ] = False,
) -> None:
    """Take the options that stand before any command."""


Space = Annotated[str, typer.Option("--space", help="The space to work in, e.g. discord:1234 or telegram:-100987.")]

Audience = Annotated[
    str,
    typer.Option(
        "--audience",
        help="Who may read it: channel-1234 or role-1234, several joined by +; everyone of the space without.",
        show_default=False,
    ),
]

Identity = Annotated[
    Path | None,
    typer.Option(
        "--identity", metavar="FILE", help="File of age's private key, for an encrypted one.", show_default=False
    ),
]


def with_audience(space: str, audience: str) -> str:
    """Return the id of a space's audience. Raises ``typer.BadParameter`` for one that names no channels and roles."""
    from core.types import SpaceId, space_of_readers

    if audience in ("", "everyone"):
        return space
    try:
        return space_of_readers(SpaceId(space), audience.split("+"))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--audience") from error


def finish(work: Coroutine[Any, Any, None], *, as_json: bool = False) -> None:
    """Run ``work``; a ``UserError`` becomes a sentence on stderr, with ``as_json`` also JSON, and exit status 1."""
    from bot.terminal.language import terminal_language
    from core.errors import UserError
    from core.texts import explain

    try:
        asyncio.run(work)
    except UserError as error:
        sentence = explain(terminal_language(), error)
        if as_json:
            typer.echo(json.dumps({"error": sentence}, ensure_ascii=False))
        typer.echo(sentence, err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


@contextmanager
def naming_full_install() -> Iterator[None]:
    """End with a sentence and exit status 1 where the command in the block needs a package of the full installation."""
    try:
        yield
    except ModuleNotFoundError as error:
        from bot.terminal.language import terminal_language
        from core.models.installation import needs_full
        from core.texts import say

        if not needs_full(error):
            raise
        command = " ".join(["aion", *itertools.takewhile(lambda word: not word.startswith("-"), sys.argv[1:3])])
        typer.echo(say(terminal_language(), "models.needs_full", what=f"`{command}`"), err=True)
        sys.exit(1)
