"""Whose replies teach in a space: moderators, members with a trusted role, and people named one by one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.errors import BadInput
from core.privacy.pseudonyms import Pseudonyms
from core.services import TrustedCircle
from core.services.setting_schema import MAX_ROLES, REPLIES, TRUSTED_ROLES, ReplyPolicy
from core.storage.curation.trusted_people import TrustedPeople
from core.storage.spaces import Spaces
from core.types import Message, Person, SpaceId, community_of, is_private


@dataclass(frozen=True, slots=True)
class TrustService:
    """Knows whose replies teach, in any space."""

    spaces: Spaces
    people: TrustedPeople
    pseudonyms: Pseudonyms

    def of(self, message: Message) -> SpaceTrust:
        """Return the trusted of a message's community."""
        return SpaceTrust(self, community_of(message.space))

    async def policy(self, space: SpaceId) -> ReplyPolicy:
        """Return what becomes of trusted replies in a space; nothing in a private chat."""
        return "off" if is_private(space) else await self.spaces.value(space, REPLIES)

    async def includes(self, space: SpaceId, person: Person) -> bool:
        """Tell whether a person's replies teach in a space."""
        if person.is_moderator:
            return True
        roles = await self.spaces.value(space, TRUSTED_ROLES)
        if not set(roles).isdisjoint(person.roles):
            return True
        return await self.people.includes(community_of(space), self.pseudonyms.of(person.id))

    async def bound(self, message: Message) -> Message:
        """Return a message whose sender is marked as trusted where they are."""
        is_trusted = await self.includes(message.space, message.person)
        return replace(message, person=replace(message.person, is_trusted=is_trusted))


@dataclass(frozen=True, slots=True)
class SpaceTrust:
    """Whose replies teach in one community (``core.services.TrustPort``)."""

    _service: TrustService
    _space: SpaceId

    async def circle(self) -> TrustedCircle:
        """Return whose replies teach here beside moderators."""
        roles = await self._service.spaces.value(self._space, TRUSTED_ROLES)
        return TrustedCircle(roles, await self._service.people.all(self._space))

    async def add_role(self, role: str) -> None:
        """Trust the members with a role. Raises ``BadInput`` where there are too many."""

        def change(held: tuple[str, ...]) -> tuple[str, ...]:
            if len(roles := dict.fromkeys((*held, role))) > MAX_ROLES:
                raise BadInput("trust.too_many", limit=MAX_ROLES)
            return tuple(roles)

        await self._service.spaces.change_value(self._space, TRUSTED_ROLES, change)

    async def remove_role(self, role: str) -> bool:
        """Trust the members with a role no longer; return whether it was trusted."""
        is_held = role in await self._service.spaces.value(self._space, TRUSTED_ROLES)
        await self._service.spaces.change_value(
            self._space, TRUSTED_ROLES, lambda held: tuple(each for each in held if each != role)
        )
        return is_held

    async def add_person(self, person: Person) -> None:
        """Trust a person."""
        await self._service.people.add(self._space, self._service.pseudonyms.of(person.id), person.name)

    async def remove_person(self, who: Person | int) -> str | None:
        """Trust a person, or the one with a number, no longer; return their name, if they were trusted."""
        people = self._service.people
        if isinstance(who, int):
            removed = await people.remove(self._space, who)
        else:
            removed = await people.remove_person(self._space, self._service.pseudonyms.of(who.id))
        return removed.name if removed is not None else None
