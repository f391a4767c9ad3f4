"""``aion restore``: a backup into an empty data folder."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.root import Identity, app, finish


@app.command(
    epilog="Examples:  AION_DATA_DIR=new aion restore backups/aion-20260131-040000Z.tar.zst  ·  "
    "aion restore s3://bucket/aion/aion-20260131-040000Z.tar.zst.age --identity key.txt"
)
def restore(
    file: Annotated[str, typer.Argument(help="An archive, or s3://bucket/prefix/name.", show_default=False)],
    identity: Identity = None,
) -> None:
    """Restore a backup, also an older version's, into the data folder (AION_DATA_DIR), which must hold none yet."""
    from bot.operator.restore import restore_backup

    finish(restore_backup(file, identity))
