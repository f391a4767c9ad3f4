"""``aion restore``: restores a backup into an empty data folder, with a progress bar."""

from __future__ import annotations

from pathlib import Path

from bot.operator.backup import byte_progress, reading_archive
from bot.terminal.output import print_sentence
from core.assembly.backups import open_snapshot
from core.backup.contents import SETTINGS
from core.backup.restore import restore
from core.offload import offload
from core.settings import read_settings
from core.storage.database import Database


async def restore_backup(file: str, identity: Path | None) -> None:
    """Restore an archive into the data folder of the settings, and bring its database to this version's schema.

    Raises ``BadInput`` when it is torn, changed or no backup, ``Unavailable`` when the folder holds data already, or a
    newer AION made the archive; the folder is then as it was.
    """
    settings = read_settings()
    with reading_archive(file) as source, byte_progress() as started:
        header = await offload(restore, source, settings.data_dir, open_snapshot(settings), identity, started)
    await (await Database.open(settings.data_dir, settings.database_address)).close()
    when = f"{header.made_at:%Y-%m-%d %H:%M}"
    print_sentence("backup.restored", made_at=when, folder=settings.data_dir, settings=settings.data_dir / SETTINGS)
