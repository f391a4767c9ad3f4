"""Whether an account moderates a community now, asked of its platform at every request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from core.types import SpaceId


class RoleSource(Protocol):
    """A platform that can be asked for an account's role."""

    async def is_moderator(self, space: SpaceId, person_id: str) -> bool:
        """Return whether an account moderates a community now; ``False`` where the platform does not say."""
        ...


@dataclass(frozen=True, slots=True)
class PlatformRoles:
    """The roles on every platform that runs, by its name."""

    platforms: Mapping[str, RoleSource]

    async def is_moderator(self, space: SpaceId, person_id: str) -> bool:
        """Return whether an account moderates a community now; ``False`` on a platform that does not run."""
        platform = self.platforms.get(space.split(":", 1)[0])
        return platform is not None and await platform.is_moderator(space, person_id)
