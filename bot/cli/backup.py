"""``aion backup``: backups of the data folder: make, list, verify."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.root import Identity, app, finish

group = typer.Typer(help="Back the data folder up, also while AION runs; list, verify.", rich_markup_mode=None)
app.add_typer(group, name="backup")

To = Annotated[
    str, typer.Option("--to", help="A folder or s3://bucket/prefix. Default: AION_BACKUP_TO.", show_default=False)
]


@group.callback(
    invoke_without_command=True,
    epilog="Examples:  aion backup  ·  aion backup --to /mnt/disk  ·  aion backup --to s3://bucket/aion",
)
def make(
    context: typer.Context,
    to: To = "",
    encrypt: Annotated[
        str, typer.Option("--encrypt", metavar="AGE_RECIPIENT", help="Encrypt to this public key of age.")
    ] = "",
) -> None:
    """Write database, LoRA and gate versions and settings (without secrets) of one moment to one archive."""
    if context.invoked_subcommand is not None:
        return
    from bot.operator.backup import make_backup

    finish(make_backup(to, encrypt))


@group.command(name="list", epilog="Examples:  aion backup list  ·  aion backup list --to s3://bucket/aion --json")
def show(to: To = "", as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the backups in a place, oldest first."""
    from bot.operator.backup import print_backups, print_backups_as_json

    if as_json:
        finish(print_backups_as_json(to), as_json=True)
    else:
        finish(print_backups(to))


@group.command(epilog="Example:  aion backup verify data/backups/aion-20260131-040000Z.tar.zst")
def verify(
    file: Annotated[str, typer.Argument(help="An archive, or s3://bucket/prefix/name.", show_default=False)],
    identity: Identity = None,
) -> None:
    """Read a backup to its end, check every checksum and the database in it."""
    from bot.operator.backup import verify_backup

    finish(verify_backup(file, identity))
