"""Who can read a channel, against Discord's own rule applied to every member there might be."""

from __future__ import annotations

import random
from itertools import chain, combinations

import pytest

from bot.adapters.discord.readers import EVERYBODY, ChannelReaders, ServerRoles
from tests.discord_layouts import EVERYONE, MEMBERS, ROLES, Layout, random_layout

N_LAYOUTS = 500
VIP, MODS, MUTED = 1, 2, 3
OPEN = ServerRoles(everyone=True)
GATED = ServerRoles(everyone=False, viewing=frozenset({VIP, MODS}))


@pytest.mark.parametrize("seed", range(4))
def test_no_channel_is_within_one_that_some_member_cannot_read(seed: int) -> None:
    draw = random.Random(seed)
    told = 0
    for _ in range(N_LAYOUTS // 4):
        layout = random_layout(draw)
        for here, there in combinations([*layout.channels, EVERYONE], 2):
            for one, other in ((here, there), (there, here)):
                is_within = layout.readers(one).is_within(layout.readers(other), layout.roles)
                told += is_within
                assert not is_within or layout.everybody_reads(one, other), (layout, one, other)
    assert told > 100, "some are"


def test_of_roles_alone_it_is_told_exactly() -> None:
    draw = random.Random(11)
    for _ in range(N_LAYOUTS):
        layout = random_layout(draw, with_members=False)
        for one, other in combinations(layout.channels, 2):
            told = layout.readers(one).is_within(layout.readers(other), layout.roles)
            assert told == layout.everybody_reads(one, other), (layout, one, other)


def only(*roles: int, members: tuple[int, ...] = ()) -> ChannelReaders:
    return ChannelReaders(everyone=False, allowed=frozenset(roles), allowed_members=frozenset(members))


@pytest.mark.parametrize(
    ("here", "there", "server", "expected"),
    [
        (ChannelReaders(), EVERYBODY, OPEN, True),
        (EVERYBODY, ChannelReaders(), OPEN, True),
        (EVERYBODY, ChannelReaders(), GATED, False),
        (EVERYBODY, ChannelReaders(denied=frozenset({MUTED})), OPEN, False),
        (only(VIP), only(VIP, MODS), OPEN, True),
        (only(VIP, MODS), only(VIP), OPEN, False),
        (only(VIP), ChannelReaders(), GATED, True),
        (only(MUTED), ChannelReaders(), GATED, False),
        (only(VIP, members=(7,)), only(VIP), OPEN, False),
        (only(VIP, members=(7,)), only(VIP, members=(7, 8)), OPEN, True),
        (only(VIP), ChannelReaders(denied_members=frozenset({7})), OPEN, False),
    ],
)
def test_layouts_as_people_make_them(
    here: ChannelReaders, there: ChannelReaders, server: ServerRoles, expected: bool
) -> None:
    assert here.is_within(there, server) is expected


def test_the_oracle_tells_members_apart() -> None:
    layout = Layout(base={EVERYONE: True}, overwrites={"vip": {EVERYONE: False, ROLES[0]: True, MEMBERS[0]: False}})
    sets = chain.from_iterable(combinations(ROLES, n) for n in range(len(ROLES) + 1))
    readers = [roles for roles in sets if layout.reads("vip", frozenset(roles), None)]
    assert readers and all(ROLES[0] in roles for roles in readers)
    assert not layout.reads("vip", frozenset(ROLES), MEMBERS[0])
