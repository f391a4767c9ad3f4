"""``aion lora``: the LoRA versions: list, add, promote, rollback, diff."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.root import app, finish

group = typer.Typer(
    help="LoRA versions: list, add, promote, rollback, diff.",
    epilog="Examples:  aion lora list  ·  aion lora promote v3  ·  aion lora rollback",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(group, name="lora")

Name = Annotated[str, typer.Argument(help="A version, as aion lora list names it.", show_default=False)]


@group.command(name="list", epilog="Examples:  aion lora list  ·  aion lora list --json")
def show(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the versions: candidate, on trial, promoted, retired."""
    from bot.operator.lora import print_versions, print_versions_as_json

    if as_json:
        finish(print_versions_as_json(), as_json=True)
    else:
        finish(print_versions())


@group.command(epilog="Example:  aion lora add ~/Downloads/aion-lora")
def add(folder: Annotated[Path, typer.Argument(help="What aion train wrote, e.g. on another machine.")]) -> None:
    """Register LoRA weights as a candidate."""
    from bot.operator.lora import add_version

    finish(add_version(folder))


@group.command(epilog="Example:  aion lora promote v3 --thumbs data/training/today/kto.held.jsonl --share 0.1")
def promote(
    version: Name,
    thumbs: Annotated[Path | None, typer.Option("--thumbs", help="Held-out lines of a KTO file.")] = None,
    labelled: Annotated[
        list[Path] | None, typer.Option("--labelled", help="Labelled folders, as for aion eval.")
    ] = None,
    report: Annotated[Path | None, typer.Option("--report", metavar="DIR", help="Folder for the report.")] = None,
    share: Annotated[float, typer.Option(min=0.01, max=1, help="Share of the answers it writes at first.")] = 0.1,
    answers: Annotated[int, typer.Option(min=1, help="Answers of its own before it writes all.")] = 200,
    slower: Annotated[
        float, typer.Option("--max-slower", min=1, help="How many times as long a token may take.")
    ] = 1.1,
    unseen: Annotated[bool, typer.Option("--unseen", help="Put it to use for all answers, without comparing.")] = False,
) -> None:
    """Compare a version with what answers now; put it to use if it is better on one thing and worse on none."""
    from bot.operator.lora import PromoteOptions, promote_compared, promote_uncompared

    if unseen:
        finish(promote_uncompared(version))
    else:
        finish(promote_compared(PromoteOptions(version, thumbs, labelled or [], report, share, answers, slower)))


@group.command(epilog="Example:  aion lora rollback")
def rollback() -> None:
    """End a trial, or go back to what answered before; running processes follow within seconds."""
    from bot.operator.lora import rollback_version

    finish(rollback_version())


@group.command(epilog="Example:  aion lora diff v2 v3")
def diff(one: Name, other: Name) -> None:
    """Show how two versions differ: data, settings, metrics."""
    from bot.operator.lora import print_difference

    finish(print_difference(one, other))
