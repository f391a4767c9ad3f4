"""``aion jobs``: the regular jobs: list, run, pause, resume."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.root import app, finish

group = typer.Typer(help="What AION does regularly: aion jobs lists it; run, pause, resume.", rich_markup_mode=None)
app.add_typer(group, name="jobs")

Name = Annotated[str, typer.Argument(help="The job's name, as aion jobs lists it.", show_default=False)]


@group.callback(invoke_without_command=True, epilog="Examples:  aion jobs  ·  aion jobs --json  ·  aion jobs run watch")
def show(context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the regular jobs: state, next run, last run and what came of it; also while AION runs."""
    if context.invoked_subcommand is not None:
        return
    from bot.operator.jobs import print_jobs, print_jobs_as_json

    if as_json:
        finish(print_jobs_as_json(), as_json=True)
    else:
        finish(print_jobs())


@group.command(epilog="Example:  aion jobs run gather-gaps")
def run(name: Name) -> None:
    """Run a job now; where AION is running, it does."""
    from bot.operator.jobs import run_job

    finish(run_job(name))


@group.command(epilog="Example:  aion jobs pause research-gaps")
def pause(name: Name) -> None:
    """Let a job rest until aion jobs resume."""
    from bot.operator.jobs import pause_job

    finish(pause_job(name))


@group.command(epilog="Example:  aion jobs resume research-gaps")
def resume(name: Name) -> None:
    """Let a job run again when it is due."""
    from bot.operator.jobs import resume_job

    finish(resume_job(name))
