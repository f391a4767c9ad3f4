"""The ``aion`` command: each subcommand reads the settings, assembles the core and hands over.

Nothing heavy is imported before one is chosen, so that ``aion --help`` answers at once.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    name="aion",
    help="A community's memory: answers from what it was taught, and says so when it does not know.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Space = Annotated[str, typer.Option("--space", help="The space to work in, e.g. discord:1234 or telegram:-100987.")]


@app.command(epilog='Examples:  aion chat  ·  aion chat --once "When does the library open?" --json')
def chat(
    once: Annotated[str | None, typer.Option("--once", help="Answer this one question and exit.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With --once: print the answer as JSON.")] = False,
) -> None:
    """Talk to AION in the terminal."""
    from bot import console_adapter

    if once is None:
        _finish(console_adapter.converse())
    elif as_json:
        _finish(console_adapter.answer_as_json(once), as_json=True)
    else:
        _finish(console_adapter.answer_as_text(once))


@app.command(epilog="Example:  DISCORD_TOKEN=… TELEGRAM_TOKEN=… aion run")
def run() -> None:
    """Start every platform whose token is set, and run until told to stop."""
    from bot import runner

    _finish(runner.run())


@app.command(epilog="Examples:  aion index notes/ handbook.pdf  ·  aion index faq.md --space discord:1234")
def index(
    paths: Annotated[list[Path], typer.Argument(help="Files or folders: .md .txt .html .pdf", show_default=False)],
    space: Space = "global",
    if_empty: Annotated[
        bool, typer.Option("--if-empty", help="Do nothing when the space already holds documents.")
    ] = False,
) -> None:
    """Teach files: unchanged ones are skipped, changed ones replace what was known."""
    from bot import library

    _finish(library.index(paths, space, if_empty))


@app.command(epilog="Example:  aion learn https://example.org/faq")
def learn(
    url: Annotated[str, typer.Argument(help="The page's address.", show_default=False)], space: Space = "global"
) -> None:
    """Teach one web page."""
    from bot import library

    _finish(library.learn(url, space))


@app.command(epilog="Examples:  aion docs  ·  aion docs --space terminal:ana")
def docs(space: Space = "global") -> None:
    """List the documents of a space."""
    from bot import library

    _finish(library.docs(space))


@app.command(epilog='Examples:  aion forget handbook.md  ·  aion forget "#12"')
def forget(
    document: Annotated[str, typer.Argument(help="Its name, title or #number.", show_default=False)],
    space: Space = "global",
) -> None:
    """Remove a document and everything learned from it."""
    from bot import library

    _finish(library.forget(document, space))


@app.command(epilog="Example:  AION_EMBEDDER=./my-model aion reembed")
def reembed() -> None:
    """Embed every stored passage again, after AION_EMBEDDER changed."""
    from bot import library

    _finish(library.reembed())


@app.command(epilog="Examples:  aion providers  ·  aion providers --json  ·  aion providers --reset groq")
def providers(
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
    reset: Annotated[
        str | None, typer.Option("--reset", metavar="NAME", help="Let this benched provider be asked again.")
    ] = None,
) -> None:
    """Show what is left of every provider today, and why one is not asked."""
    from bot import providers as desk

    if reset is not None:
        _finish(desk.reset(reset), as_json=as_json)
    elif as_json:
        _finish(desk.show_as_json(), as_json=True)
    else:
        _finish(desk.show())


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

    _finish(evaluation.evaluate(folders, as_json))


def main() -> None:
    """Run the command line."""
    app()


def _finish(work: Coroutine[Any, Any, None], *, as_json: bool = False) -> None:
    """Run ``work`` to its end; an error a person can act on becomes one sentence and exit status 1."""
    from core.errors import UserError
    from core.texts import explain, language_of_locale

    try:
        asyncio.run(work)
    except UserError as error:
        sentence = explain(language_of_locale(locale(), "en"), error)
        if as_json:
            typer.echo(json.dumps({"error": sentence}, ensure_ascii=False))
        typer.echo(sentence, err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def locale() -> str | None:
    """Return the terminal's language tag: ``AION_LANGUAGE`` where set, else the system's."""
    names = ("AION_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    return next((value for name in names if (value := os.environ.get(name))), None)
