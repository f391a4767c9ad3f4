"""``aion migrate``: copies a data folder's SQLite database to the PostgreSQL that the settings name, with progress."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from bot.terminal.output import TerminalConsole, print_sentence
from core.errors import BadInput, Unavailable
from core.settings import read_settings
from core.storage.database import FILE, Database
from core.storage.engines.postgres_driver import public_address
from core.storage.engines.transfer import Transfer


async def migrate_database() -> None:
    """Copy everything, compare it, and say where it is now. Killed, it goes on where it was.

    Raises ``BadInput`` when AION_DATABASE_URL is not set or the data folder has no database, ``Unavailable`` when
    either cannot be used, AION runs on the folder, the target holds other data, or the two differ in the end.
    """
    settings = read_settings()
    if not settings.database_address:
        raise BadInput("migrate.no_target")
    if not (settings.data_dir / FILE).exists():
        raise BadInput("migrate.no_source", folder=settings.data_dir)
    async with await _open_alone(settings.data_dir) as source:
        with tempfile.TemporaryDirectory(prefix="aion-migrate-") as folder:  # this one's lock is the source's
            async with await Database.open(Path(folder), settings.database_address) as target:
                transfer = Transfer(source, target, str(settings.data_dir.resolve()))
                with _progress(await transfer.count()) as advance:
                    n_rows = await transfer.copy(advance)
    print_sentence("migrate.done", n_rows=n_rows, database=public_address(settings.database_address), file=FILE)


async def _open_alone(data_dir: Path) -> Database:
    try:
        return await Database.open(data_dir)
    except Unavailable as error:
        if error.key == "storage.in_use":
            raise Unavailable("migrate.running", folder=data_dir) from error
        raise


@contextmanager
def _progress(n_rows: int) -> Iterator[Callable[[int], None]]:
    """Show a progress bar in rows, on stderr; it is removed when the block ends."""
    console = TerminalConsole(stderr=True)
    with Progress(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("", total=n_rows)
        yield lambda n_done: bar.advance(task, n_done)
