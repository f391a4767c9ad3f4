"""Who can read a channel of a Discord server, and whether everybody who can read one can read another.

Discord's rule, for one permission (docs.discord.com, "Permission Overwrites"): a member has it by any of their roles;
then the channel's overwrite for everyone holds, then those of their roles, where an allowance beats a denial, then
that of the member. The owner and administrators read everything. ``is_within`` holds for every member there might be,
whatever roles they have: members come and go, and what was once shown in a channel stays there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product


@dataclass(frozen=True, slots=True)
class ServerRoles:
    """A server's roles, by id, without administrators', who read everything.

    ``viewing`` may view channels where no overwrite says otherwise; ``everyone``: all members may.
    """

    everyone: bool
    viewing: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class ChannelReaders:
    """A channel's overwrites of who may view it. ``everyone``: whether they let all, keep all out, or neither.

    Of a role that is an administrator's, and of AION's own, there is nothing in it.
    """

    everyone: bool | None = None
    allowed: frozenset[int] = frozenset()
    denied: frozenset[int] = frozenset()
    allowed_members: frozenset[int] = frozenset()
    denied_members: frozenset[int] = frozenset()

    def admits(self, roles: frozenset[int], server: ServerRoles) -> bool:
        """Return whether somebody with these roles, and no overwrite of their own, can read the channel."""
        if roles & self.allowed:
            return True
        if roles & self.denied:
            return False
        return self.everyone if self.everyone is not None else server.everyone or bool(roles & server.viewing)

    def is_within(self, other: ChannelReaders, server: ServerRoles) -> bool:
        """Return whether everybody who can read this channel can read ``other``; ``False`` where it is not certain."""
        if other.denied_members - self.denied_members:
            return False
        if not all(other.admits_member(member, server) for member in self.allowed_members):
            return False
        return all(other.admits(roles, server) for roles in self._telling(other, server) if self.admits(roles, server))

    def admits_member(self, member: int, server: ServerRoles) -> bool:
        """Return whether a member whose roles are not known can surely read the channel."""
        if member in self.allowed_members:
            return True
        return member not in self.denied_members and EVERYBODY.is_within(self.of_roles(), server)

    def of_roles(self) -> ChannelReaders:
        """Return what the overwrites of roles say alone."""
        return ChannelReaders(self.everyone, self.allowed, self.denied)

    def _telling(self, other: ChannelReaders, server: ServerRoles) -> Iterator[frozenset[int]]:
        """Yield sets of roles among which is one that reads this and not ``other``, where there is any such set.

        Two roles are enough: one by which this channel is read, and one that keeps out of the other. More of them
        only let in more, or keep out of this one.
        """
        named = self.allowed | self.denied | other.allowed | other.denied
        letting = {*named, *sorted(server.viewing - named)[:1]}
        for first, second in product([None, *sorted(letting)], [None, *sorted(other.denied)]):
            yield frozenset(role for role in (first, second) if role is not None)


EVERYBODY = ChannelReaders(everyone=True)
"""The readers of a channel that no overwrite keeps anybody out of: all members."""
