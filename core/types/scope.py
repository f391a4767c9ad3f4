"""Audiences: who may read what a community was taught, as part of the space's id; and the scope of a read.

A space's id names its audience. ``discord:42`` is what everyone of that community may read; ``discord:42/channel-7``
what those may read who can read channel 7; ``discord:42/role-5`` what those may who have role 5; several are joined by
``+``. All that a space has (documents, answers, gaps, proposals, turns, indexes) is its audience's, so no read crosses
audiences but by a ``Scope``, which names every one of them. Which audiences a place may read is told by its platform
(``core.chat.audiences``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from core.types.base import GLOBAL, SpaceId

MAX_READERS = 6
"""Channels and roles that one audience may name: a space's id has at most 200 characters."""

_READERS = re.compile(r"(?:channel|role)-[0-9]{1,20}")


def community_of(space: SpaceId) -> SpaceId:
    """Return the space of everyone in the community that a space belongs to: itself, unless it has an audience."""
    return SpaceId(space.partition("/")[0])


def readers_of(space: SpaceId) -> tuple[str, ...]:
    """Return the channels and roles that make up a space's audience, as ``channel-7``; none for everyone."""
    audience = space.partition("/")[2]
    return tuple(audience.split("+")) if audience else ()


def space_of_readers(community: SpaceId, readers: Iterable[str]) -> SpaceId:
    """Return the space of those who can read one of the channels, or have one of the roles, of a community.

    Raises ``ValueError`` for none, too many, and anything but ``channel-`` or ``role-`` with a number.
    """
    named = sorted(set(readers))
    if not 0 < len(named) <= MAX_READERS or not all(map(_READERS.fullmatch, named)):
        raise ValueError(f"no audience: {', '.join(named)[:100]}")
    return SpaceId(f"{community_of(community)}/{'+'.join(named)}")


@dataclass(frozen=True, slots=True)
class Scope:
    """What may be read at a place. ``space`` is its own, where what is said and taught there is kept.

    ``others`` are audiences of the same community that everybody who reads the place may read as well. Raises
    ``ValueError`` for one of another community.
    """

    space: SpaceId
    others: tuple[SpaceId, ...] = ()

    def __post_init__(self) -> None:
        community = community_of(self.space)
        if foreign := [each for each in self.others if community_of(each) != community]:
            raise ValueError(f"{foreign[0]} is of another community than {self.space}")

    @property
    def community(self) -> tuple[SpaceId, ...]:
        """Return the spaces of the community that may be read, the place's own first, then everyone's."""
        return tuple(dict.fromkeys((self.space, community_of(self.space), *self.others)))

    @property
    def readable(self) -> tuple[SpaceId, ...]:
        """Return every space that may be read: the community's, and the global one."""
        return self.community if self.space == GLOBAL else (*self.community, GLOBAL)
