"""What people may ask of AION about themselves: what is kept and why, a copy of it, and to be forgotten.

Nothing is learned from a person unless their community lets AION train, and they did not say no. Forgetting reaches
every community, since a person's pseudonym is the same in all of them, and their private chat with AION.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from core.privacy.pseudonyms import Pseudonyms
from core.storage.documents import Documents
from core.storage.inbox import Inbox
from core.storage.people import PersonRecords
from core.storage.spaces import Spaces
from core.types import Message, SpaceId

TRAINING = "training"
"""The space's setting: whether models may learn from what is asked and rated there."""

Erase = Callable[[frozenset[int]], Awaitable[int]]
"""Takes what was made of those answers out of files; returns how many lines there were."""


@dataclass(frozen=True, slots=True)
class DataRights:
    """Everybody's rights. ``erasers`` know what is kept outside the database, by what it is called."""

    people: PersonRecords
    documents: Documents
    spaces: Spaces
    inbox: Inbox
    pseudonyms: Pseudonyms
    drop_index: Callable[[SpaceId], Awaitable[None]]
    erasers: Mapping[str, Erase]

    def of(self, message: Message) -> PersonalRights:
        """Return the rights of a message's sender."""
        return PersonalRights(self, message)

    async def trains(self, space: SpaceId) -> bool:
        """Return whether models may learn from what is asked and rated in a space."""
        known = await self.spaces.get(space)
        return bool(known.settings.get(TRAINING, False)) if known else False


@dataclass(frozen=True, slots=True)
class PersonalRights:
    """One person's rights (``core.services.RightsPort``)."""

    _charter: DataRights
    _message: Message

    async def kept(self) -> Mapping[str, int]:
        """Return how much is kept of the person, by what it is."""
        return (await self._charter.people.count(self._pseudonym)).rows

    async def copy(self) -> bytes:
        """Return all that is kept of the person, as a JSON file."""
        everything = await self._charter.people.export(self._pseudonym)
        documents = await self._charter.documents.list(self._private_space)
        mine = {"documents": [{"title": each.title, "names": list(each.names)} for each in documents]}
        return json.dumps({**everything, **mine}, ensure_ascii=False, indent=2).encode()

    async def forget(self) -> Mapping[str, int]:
        """Erase the person, and return what was erased, by what it is."""
        charter, pseudonym = self._charter, self._pseudonym
        answer_ids = await charter.people.answer_ids(pseudonym)
        files = {name: await erase(answer_ids) for name, erase in charter.erasers.items()}
        documents = await charter.documents.list(self._private_space)
        for document in documents:
            await charter.documents.forget(self._private_space, f"#{document.id}")
        await charter.drop_index(self._private_space)
        await charter.inbox.forget(self._message.person.id, but=self._message.key)
        counts = await charter.people.forget(pseudonym)
        return {**counts.rows, "documents": len(documents), **files}

    async def may_train(self) -> bool:
        """Return whether models may learn from the person, where a community lets them."""
        return await self._charter.people.may_train(self._pseudonym)

    async def set_training(self, *, allowed: bool) -> None:
        """Set whether models may learn from the person."""
        await self._charter.people.set_training(self._pseudonym, allowed=allowed)

    async def space_trains(self) -> bool:
        """Return whether models may learn from what is asked and rated here."""
        return await self._charter.trains(self._message.space)

    async def set_space_training(self, *, allowed: bool) -> None:
        """Set whether models may learn from what is asked and rated here."""
        await self._charter.spaces.change_settings(
            self._message.space, lambda settings: {**settings, TRAINING: allowed}
        )

    @property
    def _pseudonym(self) -> str:
        return self._charter.pseudonyms.of(self._message.person.id)

    @property
    def _private_space(self) -> SpaceId:
        platform, _, number = self._message.person.id.partition(":")
        return SpaceId(f"{platform}:{number}" if platform == "terminal" else f"{platform}:dm:{number}")
