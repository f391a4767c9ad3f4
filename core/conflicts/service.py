"""Conflicts as commands use them, and bringing a new one before a space's moderators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.chat.notices import Notices
from core.conflicts.card import card
from core.errors import BadInput
from core.privacy.pseudonyms import Pseudonyms
from core.services.conflicts import VERDICTS, ConflictPage, ConflictVerdict
from core.storage.curation.conflicts import Conflicts, NewConflict
from core.types import Conflict, ConflictStatus, Language, Person, Reply, Scope, SpaceId

PAGE_SIZE = 5


@dataclass(frozen=True, slots=True)
class ConflictService:
    """The conflicts of every space."""

    conflicts: Conflicts
    notices: Notices
    pseudonyms: Pseudonyms

    async def report(self, space: SpaceId, new: NewConflict) -> Conflict | None:
        """Store a conflict and ask the space's moderators which statement holds; ``None`` when it is known.

        Of two versions of one page the newer holds, and nobody is asked.
        """
        conflict = await self.conflicts.open(space, new)
        if conflict is not None and conflict.status == "open":
            await self._ask(conflict)
        return conflict

    async def _ask(self, conflict: Conflict) -> None:
        def compose(language: Language) -> Reply:
            return card(conflict, language)

        await self.notices.tell_moderators(conflict.space, f"conflict:{conflict.id}", compose)

    def at(self, scope: Scope, person: Person, language: Language) -> SpaceConflicts:
        """Return the conflicts that may be read in ``scope``, for a moderator spoken to in ``language``."""
        return SpaceConflicts(self, scope, person, language)


@dataclass(frozen=True, slots=True)
class SpaceConflicts:
    """The conflicts of one scope, for one moderator (``core.services.ConflictsPort``)."""

    _service: ConflictService
    _scope: Scope
    _person: Person
    _language: Language

    async def page(self, number: int) -> ConflictPage:
        """Return a page of the conflicts, open ones first."""
        n_conflicts = await self._service.conflicts.count(self._scope)
        n_pages = max(1, -(-n_conflicts // PAGE_SIZE))
        number = min(max(1, number), n_pages)
        some = await self._service.conflicts.list(self._scope, (number - 1) * PAGE_SIZE, PAGE_SIZE)
        return ConflictPage(some, number, n_pages, n_conflicts)

    async def card(self, number: int) -> Reply:
        """Return a conflict as it is shown. Raises ``BadInput`` when none of that number may be read."""
        return card(await self._get(number), self._language)

    async def _get(self, number: int) -> Conflict:
        conflict = await self._service.conflicts.get(self._scope, number)
        if conflict is None:
            raise BadInput("conflict.unknown", number=number)
        return conflict

    async def decide(self, number: int, verdict: str) -> Conflict:
        """Decide a conflict or undo that, and return it. Raises ``BadInput`` on an unknown number or verdict."""
        status = _status(verdict, (*VERDICTS, "open"))
        space, person = (await self._get(number)).space, self._service.pseudonyms.of(self._person.id)
        await self._service.conflicts.decide(space, number, status, person)
        return await self._get(number)

    async def settle(self, number: int, verdict: str) -> ConflictVerdict:
        """Decide a conflict that is open. Raises ``BadInput`` on an unknown number or verdict."""
        status = _status(verdict, VERDICTS)
        space, person = (await self._get(number)).space, self._service.pseudonyms.of(self._person.id)
        is_new = await self._service.conflicts.settle(space, number, status, person)
        return ConflictVerdict(await self._get(number), is_new)


def _status(verdict: str, known: Sequence[ConflictStatus]) -> ConflictStatus:
    """Return a verdict as it is stored. Raises ``BadInput`` on one that is not ``known``."""
    status = next((each for each in known if each == verdict), None)
    if status is None:
        raise BadInput("conflict.verdict", given=verdict)
    return status
