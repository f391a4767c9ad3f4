"""Who may teach in a private chat: nobody moderates one, unless the operator's setting says so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from core.types import Message, Person, SpaceId, is_private

PrivateTeachingMode = Literal["quota", "open", "off"]
"""``quota``: everybody may teach within a storage limit. ``open``: everybody moderates their chat. ``off``: nobody."""


@dataclass(frozen=True, slots=True)
class PrivateTeaching:
    """The rights in private chats. ``operators`` are the ids of people who moderate theirs without a limit."""

    mode: PrivateTeachingMode = "quota"
    operators: frozenset[str] = frozenset()

    def bound(self, message: Message) -> Message:
        """Return a message with the rights that its sender has in a private chat; unchanged elsewhere."""
        return replace(message, person=self._person(message.person)) if is_private(message.space) else message

    def is_unlimited(self, space: SpaceId) -> bool:
        """Return whether a private chat has no storage limit."""
        platform, _, number = space.partition(":dm:")
        return self.mode == "open" or f"{platform}:{number}" in self.operators

    def _person(self, person: Person) -> Person:
        may_moderate = self.mode == "open" or person.id in self.operators
        return replace(person, is_moderator=may_moderate, may_teach=may_moderate or self.mode == "quota")
