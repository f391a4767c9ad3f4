"""Whether an account moderates a community, and what it belongs to there, asked of its platform at every request."""

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

    async def memberships(self, space: SpaceId, person_id: str) -> Mapping[str, str]:
        """Return the channels and roles that an account belongs to, as audiences name them, with their names."""
        ...

    def title(self, space: SpaceId) -> str | None:
        """Return what people call a community; ``None`` where the platform does not say."""
        ...

    def channel_title(self, space: SpaceId, conversation: str) -> str | None:
        """Return what people call a channel of a community; ``None`` where the platform does not say."""
        ...


@dataclass(frozen=True, slots=True)
class PlatformRoles:
    """The roles on every platform that runs, by its name."""

    platforms: Mapping[str, RoleSource]

    async def is_moderator(self, space: SpaceId, person_id: str) -> bool:
        """Return whether an account moderates a community now; ``False`` on a platform that does not run."""
        platform = self._of(space)
        return platform is not None and await platform.is_moderator(space, person_id)

    async def memberships(self, space: SpaceId, person_id: str) -> Mapping[str, str]:
        """Return what an account belongs to; nothing on a platform that does not run."""
        platform = self._of(space)
        return await platform.memberships(space, person_id) if platform is not None else {}

    def title(self, space: SpaceId) -> str | None:
        """Return what people call a community; ``None`` on a platform that does not run."""
        platform = self._of(space)
        return platform.title(space) if platform is not None else None

    def channel_title(self, space: SpaceId, conversation: str) -> str | None:
        """Return what people call a channel; ``None`` on a platform that does not run or say."""
        platform = self._of(space)
        return platform.channel_title(space, conversation) if platform is not None else None

    def _of(self, space: SpaceId) -> RoleSource | None:
        return self.platforms.get(space.split(":", 1)[0])
