"""``aion backup``: makes a backup with a progress bar, lists backups, or checks one. Works while AION runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

from bot.terminal.output import TerminalConsole, print_line, print_sentence
from core.assembly.backups import open_backups, open_place, open_snapshot
from core.backup.archive import Advance
from core.backup.backups import Backup, Started, verify
from core.offload import offload
from core.settings import read_settings


async def make_backup(address: str, recipient: str) -> None:
    """Make a backup in the place ``address``, encrypted to ``recipient``; where empty, the settings name them.

    Raises ``BadInput`` when either cannot be understood, ``Unavailable`` when data folder or place cannot be used.
    """
    settings = read_settings()
    backups = open_backups(settings, address, recipient)
    with byte_progress() as started:
        made = await offload(backups.make, started)
    print_sentence("backup.made", name=made.name, place=made.place)


async def print_backups(address: str) -> None:
    """Print the backups in a place, one a line, oldest first."""
    found = await offload(open_backups(read_settings(), address).list)
    if not found:
        print_sentence("backup.none")
    for backup in found:
        print_line(backup.name)


async def print_backups_as_json(address: str) -> None:
    """Print the backups in a place as a JSON list."""
    found = await offload(open_backups(read_settings(), address).list)
    TerminalConsole(soft_wrap=True).print_json(json.dumps([_as_json(backup) for backup in found]))


async def verify_backup(file: str, identity: Path | None) -> None:
    """Check a backup from its first byte to its last; print what it is.

    Raises ``BadInput`` when it is torn, changed or no backup, ``Unavailable`` when a newer AION made it.
    """
    settings = read_settings()
    with reading_archive(file) as source, byte_progress() as started:
        header = await offload(verify, source, open_snapshot(settings), identity, started)
    print_sentence("backup.sound", made_at=f"{header.made_at:%Y-%m-%d %H:%M}", version=header.version)


@contextmanager
def reading_archive(file: str) -> Iterator[BufferedReader]:
    """Open an archive: a path, or ``s3://bucket/prefix/name``."""
    parent, _, name = file.rpartition("/")
    with open_place(parent or "/" if file.startswith("/") else parent or ".").reading(name) as source:
        yield source


@contextmanager
def byte_progress() -> Iterator[Started]:
    """Show a progress bar in bytes, on stderr, from when their number is known; it is removed when the block ends."""
    console = TerminalConsole(stderr=True)
    with Progress(BarColumn(), DownloadColumn(), TimeRemainingColumn(), console=console, transient=True) as bar:

        def started(n_bytes: int) -> Advance:
            task = bar.add_task("", total=n_bytes)
            return lambda n_done: bar.advance(task, n_done)

        yield started


def _as_json(backup: Backup) -> dict[str, str]:
    return {"name": backup.name, "made_at": backup.made_at.isoformat(), "place": backup.place}
