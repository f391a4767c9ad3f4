"""``aion conflicts``: lists the contradictions of a space, shows one, and decides on it. Works while AION runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.terminal.changes import note_change
from bot.terminal.language import terminal_language
from bot.terminal.open_data_folder import open_data_folder
from bot.terminal.output import print_line, print_markdown, print_sentence
from core.assembly.person_key import open_pseudonyms
from core.chat.channels import Channels
from core.chat.notices import Notices
from core.conflicts.card import card
from core.conflicts.service import ConflictService, SpaceConflicts
from core.curation.watch import OPERATOR
from core.settings import read_settings
from core.storage.curation.conflicts import Conflicts
from core.storage.delivery.inbox import Inbox
from core.storage.spaces import Spaces
from core.types import Person, Scope, SpaceId


@asynccontextmanager
async def _open_conflicts(space: str) -> AsyncIterator[SpaceConflicts]:
    settings = read_settings()
    async with open_data_folder() as folder:
        spaces = Spaces(folder.database)
        notices = Notices(Inbox(folder.database), Channels(spaces), spaces, settings.language)
        pseudonyms = await open_pseudonyms(settings)
        service = ConflictService(Conflicts(folder.database), notices, pseudonyms)
        yield service.at(Scope(SpaceId(space)), Person(OPERATOR, OPERATOR, is_moderator=True), terminal_language())


async def print_conflicts(space: str) -> None:
    """Print every contradiction of ``space`` with both statements, the open ones first."""
    async with _open_conflicts(space) as conflicts:
        first = await conflicts.page(1)
        pages = [first, *[await conflicts.page(number) for number in range(2, first.n_pages + 1)]]
    for conflict in (each for page in pages for each in page.conflicts):
        print_markdown(card(conflict, terminal_language()).text)
        print_line("")
    if not first.conflicts:
        print_sentence("conflict.none")


async def print_conflict(number: int, space: str) -> None:
    """Print one contradiction of ``space``. Raises ``BadInput`` when there is none of that number."""
    async with _open_conflicts(space) as conflicts:
        print_markdown((await conflicts.card(number)).text)


async def decide_conflict(number: int, verdict: str, space: str) -> None:
    """Decide a contradiction of ``space``, or undo that. Raises ``BadInput`` on an unknown number or verdict."""
    async with _open_conflicts(space) as conflicts:
        decided = await conflicts.decide(number, verdict)
    async with open_data_folder() as folder:
        action = "reopen" if decided.status == "open" else "settle"
        await note_change(folder.database, space, action, f"#{number} {decided.first.quote}", decided.status)
    print_sentence(f"conflict.settled_{decided.status}", number=number, person=OPERATOR)
