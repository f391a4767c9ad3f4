"""What may be answered in a space where AION is not sure, and under which persona."""

from __future__ import annotations

from dataclasses import dataclass

from core.generation.prompting.persona import AION, Persona
from core.services.setting_schema import ANSWERS, NAME, TONE, AnswerRange
from core.storage.spaces import Spaces
from core.types import SpaceId


@dataclass(frozen=True, slots=True)
class AnswerPolicy:
    """The policy of one space."""

    range: AnswerRange = "everything"
    persona: Persona = AION


async def default_policy(space: SpaceId) -> AnswerPolicy:
    """Return the policy of a space that has set none."""
    return AnswerPolicy()


@dataclass(frozen=True, slots=True)
class AnswerPolicies:
    """The policies of all spaces, as their moderators set them."""

    spaces: Spaces

    async def of(self, space: SpaceId) -> AnswerPolicy:
        """Return the policy of a space."""
        persona = Persona(await self.name(space), await self.spaces.value(space, TONE))
        return AnswerPolicy(await self.spaces.value(space, ANSWERS), persona)

    async def name(self, space: SpaceId) -> str:
        """Return what AION is called in a space."""
        return await self.spaces.value(space, NAME) or AION.name
