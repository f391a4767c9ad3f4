"""The command line's side of watching: pages, feeds, themes, and folders of this machine; also while AION runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console

from bot.logs import log_to_file
from bot.terminal.language import speaking
from core.assembly.data_folder import open_holdings
from core.curation.fetch import readable_address
from core.curation.watch import OPERATOR
from core.errors import BadInput
from core.language import detect_language
from core.offload import offload
from core.settings import read_settings
from core.storage.curation.watches import NewWatch, Watches
from core.texts import say
from core.types import Language, SpaceId, Watch, WatchKind
from plugins.learn import is_address
from plugins.watch import asked


@asynccontextmanager
async def _watches() -> AsyncIterator[Watches]:
    settings = read_settings()
    log_to_file(settings)
    async with open_holdings(settings) as holdings:
        yield Watches(holdings.database)


async def add(what: str, every: str, space: str) -> None:
    """Watch a path of this machine, an address or a theme; its first look is the job's."""
    target, interval = asked(f"{what} every {every}")
    kind, target = await offload(_read, target)
    language = await offload(detect_language, target if kind == "theme" else "", read_settings().language)
    async with _watches() as watches:
        made = await watches.add(SpaceId(space), NewWatch(kind, target, language, interval, OPERATOR))
    _say("watch.made", number=made.id, target=made.target, every=_often(made))
    _say("watch.soon")


async def show(space: str) -> None:
    """Print what a space watches."""
    async with _watches() as watches:
        watched = await watches.of(SpaceId(space))
    for watch in watched:
        failed = f" {say(_speaking(), 'watch.failed')}" if watch.error else ""
        line = say(_speaking(), "watch.line", number=watch.id, target=watch.target, every=_often(watch))
        Console(highlight=False, soft_wrap=True).print(f"{line}{failed}", markup=False)
    if not watched:
        _say("watch.nothing")


async def stop(number: int, space: str) -> None:
    """Watch something no longer."""
    async with _watches() as watches:
        stopped = await watches.remove(SpaceId(space), number)
    _say("watch.stopped", target=stopped.target)


def _read(target: str) -> tuple[WatchKind, str]:
    """Return what kind of thing was named, and its full name."""
    path = Path(target).expanduser()
    if path.exists():
        return "folder", str(path.resolve())
    if is_address(target):
        return "web", readable_address(target)
    if "/" in target or target.startswith("."):
        raise BadInput("file.missing", name=target)
    return "theme", target


def _often(watch: Watch) -> str:
    n_hours = int(watch.every.total_seconds()) // 3600
    if n_hours % 24:
        return say(_speaking(), "watch.hours", n=n_hours)
    return say(_speaking(), "watch.days", n=n_hours // 24)


def _speaking() -> Language:
    return speaking()


def _say(key: str, **values: object) -> None:
    Console(highlight=False, soft_wrap=True).print(say(_speaking(), key, **values), markup=False)
