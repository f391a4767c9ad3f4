"""``aion watch``: watches of pages, feeds, themes and local folders: list, add, stop. Works while AION runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bot.terminal.changes import note_change
from bot.terminal.language import terminal_language
from bot.terminal.open_data_folder import open_data_folder
from bot.terminal.output import print_line, print_sentence
from core.curation.git_checkout import PREFIX, parse_git_address
from core.curation.guarded_http import readable_address
from core.curation.watch import OPERATOR
from core.errors import BadInput
from core.language import detect_language
from core.offload import offload
from core.settings import read_settings
from core.storage.curation.watches import NewWatch, Watches
from core.storage.documents import Documents
from core.texts import say
from core.types import SpaceId, Watch, WatchKind
from plugins.knowledge.learn import is_address
from plugins.knowledge.watch import watch_request


async def add_watch(what: str, every: str, space: str) -> None:
    """Add a watch of a local path, an address or a theme to ``space``; the watch job makes the first reading.

    ``every`` is an interval like ``12h``, ``7d``, ``2w``. Raises ``BadInput`` on a wrong interval or missing path.
    """
    target, interval = watch_request(f"{what} every {every}")
    kind, target = await offload(_kind_and_target, target)
    language = await offload(detect_language, target if kind == "theme" else "", read_settings().language)
    async with open_data_folder() as folder:
        wanted = NewWatch(kind, target, language, interval, OPERATOR)
        made = await Watches(folder.database).add(SpaceId(space), wanted)
        await note_change(folder.database, space, "watch", made.target)
    print_sentence("watch.made", number=made.id, target=made.target, every=_interval(made))
    print_sentence("watch.soon")


async def print_watches(space: str) -> None:
    """Print the watches of ``space`` with number, target, interval and last failure."""
    async with open_data_folder() as folder:
        watched = await Watches(folder.database).of(SpaceId(space))
    for watch in watched:
        failed = f" {say(terminal_language(), 'watch.failed')}" if watch.error else ""
        line = say(terminal_language(), "watch.line", number=watch.id, target=watch.target, every=_interval(watch))
        print_line(f"{line}{failed}")
    if not watched:
        print_sentence("watch.nothing")


async def stop_watch(number: int, space: str) -> None:
    """Remove the watch ``number`` of ``space``; documents learned from it stay. Raises ``BadInput`` without one."""
    async with open_data_folder() as folder:
        stopped = await Watches(folder.database).remove(SpaceId(space), number)
        await note_change(folder.database, space, "stop_watching", stopped.target)
    print_sentence("watch.stopped", target=stopped.target)


async def prune_watch(number: int, space: str, confirm: Callable[[str], bool]) -> None:
    """Remove the documents of pages and files that are gone from a watch, once ``confirm`` agrees to the question.

    What was in the space before the watch was made stays. Raises ``BadInput`` without a watch of that number.
    """
    async with open_data_folder() as folder:
        watches, documents = Watches(folder.database), Documents(folder.database)
        watch = next((each for each in await watches.of(SpaceId(space)) if each.id == number), None)
        if watch is None:
            raise BadInput("watch.unknown", number=number)
        names = await watches.vanished(watch)
        if not names:
            return print_sentence("watch.prune_none", target=watch.target)
        print_sentence("watch.prune_which", target=watch.target)
        for name in names:
            print_line(f"  {name}")
        if confirm(say(terminal_language(), "watch.prune_sure")):
            for name in names:
                await documents.forget(SpaceId(space), name)
            print_sentence("watch.pruned", n_pages=len(names), target=watch.target)


def _kind_and_target(target: str) -> tuple[WatchKind, str]:
    """Return the kind of watch and its target in full. Blocks. Raises ``BadInput`` for a path that is not there."""
    path = Path(target).expanduser()
    if path.exists():
        return "folder", str(path.resolve())
    if target.startswith(PREFIX):
        parse_git_address(target)
        return "git", target
    if is_address(target):
        return "web", readable_address(target)
    if "/" in target or target.startswith("."):
        raise BadInput("file.missing", name=target)
    return "theme", target


def _interval(watch: Watch) -> str:
    n_hours = int(watch.every.total_seconds()) // 3600
    if n_hours % 24:
        return say(terminal_language(), "watch.hours", n=n_hours)
    return say(terminal_language(), "watch.days", n=n_hours // 24)
