"""Per-person data rights: view what is stored, export it, erase it, opt out of training.

Models are trained on a person's data only where the space opted in and the person did not opt out. Erasing reaches
every space, since a person's pseudonym is the same in all of them, and their private chat with AION.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from core.privacy.pseudonyms import Pseudonyms
from core.services.setting_schema import TRAINING
from core.storage.delivery.inbox import Inbox
from core.storage.documents import Documents
from core.storage.people import PersonRecords
from core.storage.spaces import Spaces
from core.types import Message, SpaceId, community_of

Erase = Callable[[frozenset[int]], Awaitable[int]]
"""Removes what was derived from answers, given by id, from files; returns the number of lines removed."""


async def _erase_nothing(person: str) -> int:
    """Erase nothing, where nothing is learned from messages."""
    return 0


@dataclass(frozen=True, slots=True)
class DataRights:
    """The data rights of every person. ``erasers`` erase what is stored in files, by its name in receipts.

    ``withholds_messages`` says of a space whether training leaves out what people write there. ``erase_words`` removes
    what was learned of a person's messages, by pseudonym, and returns how many texts that were.
    """

    people: PersonRecords
    documents: Documents
    spaces: Spaces
    inbox: Inbox
    pseudonyms: Pseudonyms
    drop_index: Callable[[SpaceId], Awaitable[None]]
    erasers: Mapping[str, Erase]
    withholds_messages: Callable[[SpaceId], bool] = lambda space: False
    erase_words: Callable[[str], Awaitable[int]] = _erase_nothing

    def of(self, message: Message) -> PersonalRights:
        """Return the rights of a message's sender."""
        return PersonalRights(self, message)

    async def trains(self, space: SpaceId) -> bool:
        """Return whether models may learn from what is asked and rated in a space: never where only some may read."""
        return space == community_of(space) and await self.spaces.value(space, TRAINING)


@dataclass(frozen=True, slots=True)
class PersonalRights:
    """The data rights of one person (``core.services.RightsPort``)."""

    _rights: DataRights
    _message: Message

    async def kept(self) -> Mapping[str, int]:
        """Return the number of rows stored of the person, by kind."""
        return (await self._rights.people.count(self._pseudonym)).rows

    async def copy(self) -> bytes:
        """Return all that is kept of the person, as a JSON file."""
        everything = await self._rights.people.export(self._pseudonym)
        documents = await self._rights.documents.list(self._private_space)
        mine = {"documents": [{"title": each.title, "names": list(each.names)} for each in documents]}
        return json.dumps({**everything, **mine}, ensure_ascii=False, indent=2).encode()

    async def forget(self) -> Mapping[str, int]:
        """Erase all that is stored of the person, and return the number of things erased, by kind."""
        rights, pseudonym = self._rights, self._pseudonym
        answer_ids = await rights.people.answer_ids(pseudonym)
        files = {name: await erase(answer_ids) for name, erase in rights.erasers.items()}
        documents = await rights.documents.list(self._private_space)
        for document in documents:
            await rights.documents.forget(self._private_space, f"#{document.id}")
        await rights.drop_index(self._private_space)
        await rights.inbox.forget(self._message.person.id, but=self._message.key)
        n_texts = await rights.erase_words(pseudonym)
        counts = await rights.people.forget(pseudonym)
        return {**counts.rows, "documents": len(documents), "learned_texts": n_texts, **files}

    async def may_train(self) -> bool:
        """Return whether models may learn from the person, where a community lets them."""
        return await self._rights.people.may_train(self._pseudonym)

    async def set_training(self, *, allowed: bool) -> None:
        """Set whether models may learn from the person."""
        await self._rights.people.set_training(self._pseudonym, allowed=allowed)

    async def space_trains(self) -> bool:
        """Return whether models may learn from what is asked and rated here."""
        return await self._rights.trains(self._message.space)

    def withholds_messages(self) -> bool:
        """Return whether training leaves out what people write here, as Discord's policy demands."""
        return self._rights.withholds_messages(self._message.space)

    async def set_space_training(self, *, allowed: bool) -> None:
        """Set whether models may learn from what is asked and rated here."""
        await self._rights.spaces.set_value(self._message.space, TRAINING, allowed)

    @property
    def _pseudonym(self) -> str:
        return self._rights.pseudonyms.of(self._message.person.id)

    @property
    def _private_space(self) -> SpaceId:
        platform, _, number = self._message.person.id.partition(":")
        return SpaceId(f"{platform}:{number}" if platform == "terminal" else f"{platform}:dm:{number}")
