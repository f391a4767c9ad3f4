"""Random layouts of channels and roles of a Discord server, with Discord's rule of who can read what."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, combinations

from bot.adapters.discord.readers import ChannelReaders, ServerRoles

EVERYONE = 0
ROLES = (1, 2, 3, 4)
MEMBERS = (71, 72)
CHANNELS = ("11", "12", "13", "14")


@dataclass(frozen=True)
class Layout:
    """``base``: whether a role, or everyone, views channels; ``overwrites`` of each channel, by role or member."""

    base: Mapping[int, bool]
    overwrites: Mapping[str, Mapping[int, bool]] = field(default_factory=dict)

    @property
    def channels(self) -> tuple[str, ...]:
        return tuple(self.overwrites)

    def reads(self, channel: str | int, roles: frozenset[int], member: int | None) -> bool:
        """Apply "Permission Overwrites" of Discord's documentation, for the permission to view a channel."""
        can = self.base.get(EVERYONE, False) or any(self.base.get(role, False) for role in roles)
        ours = self.overwrites.get(channel, {}) if isinstance(channel, str) else {EVERYONE: True}
        can = ours.get(EVERYONE, can)
        said = [ours[role] for role in roles if role in ours]
        if said:
            can = any(said)
        return ours.get(member, can) if member is not None else can

    def people(self) -> Iterator[tuple[frozenset[int], int | None]]:
        """Yield everybody there might be: with each set of roles, as somebody named in an overwrite or not."""
        sets = chain.from_iterable(combinations(ROLES, n) for n in range(len(ROLES) + 1))
        for roles in map(frozenset, sets):
            yield from ((roles, member) for member in (None, *MEMBERS))

    def everybody_reads(self, here: str | int, there: str | int) -> bool:
        """Return whether everybody who can read ``here`` can read ``there``."""
        return all(self.reads(there, *person) for person in self.people() if self.reads(here, *person))

    def readers(self, channel: str | int) -> ChannelReaders:
        """Return what the adapter makes of a channel; ``EVERYONE`` is one that all can read."""
        ours = self.overwrites.get(channel, {}) if isinstance(channel, str) else {EVERYONE: True}

        def named(among: tuple[int, ...], *, may: bool) -> frozenset[int]:
            return frozenset(each for each, value in ours.items() if each in among and value is may)

        return ChannelReaders(
            ours.get(EVERYONE),
            named(ROLES, may=True),
            named(ROLES, may=False),
            named(MEMBERS, may=True),
            named(MEMBERS, may=False),
        )

    @property
    def roles(self) -> ServerRoles:
        viewing = frozenset(role for role in ROLES if self.base.get(role, False))
        return ServerRoles(self.base.get(EVERYONE, False), viewing)


def random_layout(draw: random.Random, *, with_members: bool = True) -> Layout:
    """Return a layout as servers have them: open or gated, with some private and some muted channels."""
    base = {EVERYONE: draw.random() < 0.6} | {role: draw.random() < 0.3 for role in ROLES}
    overwrites = {}
    for channel in CHANNELS:
        ours: dict[int, bool] = {}
        if draw.random() < 0.7:
            ours[EVERYONE] = draw.random() < 0.2
        ours |= {role: draw.random() < 0.75 for role in draw.sample(ROLES, draw.randint(0, 2))}
        if with_members and draw.random() < 0.2:
            ours[draw.choice(MEMBERS)] = draw.random() < 0.5
        overwrites[channel] = ours
    return Layout(base, overwrites)
