"""Spaces that name their audience, and scopes."""

from __future__ import annotations

import pytest

from core.types import GLOBAL, Scope, SpaceId, community_of, readers_of, space_of_readers
from core.types.scope import MAX_READERS

GUILD = SpaceId("discord:42")
VIP = SpaceId("discord:42/channel-7")


def test_a_space_names_its_community_and_its_readers() -> None:
    both = space_of_readers(VIP, ["role-5", "channel-9", "role-5"])
    assert both == "discord:42/channel-9+role-5"
    assert (community_of(both), readers_of(both)) == (GUILD, ("channel-9", "role-5"))
    assert (community_of(GUILD), readers_of(GUILD), community_of(GLOBAL)) == (GUILD, (), GLOBAL)


@pytest.mark.parametrize("readers", [[], ["channel-x"], ["user-7"], ["channel-7/role-5"], ["role-"], ["channel-٣"]])
def test_what_is_no_channel_or_role_makes_no_audience(readers: list[str]) -> None:
    with pytest.raises(ValueError, match="no audience"):
        space_of_readers(GUILD, readers)
    with pytest.raises(ValueError, match="no audience"):
        space_of_readers(GUILD, [f"role-{n}" for n in range(MAX_READERS + 1)])


def test_a_scope_reads_its_own_everyones_and_the_global_space_each_once() -> None:
    assert Scope(GUILD).readable == (GUILD, GLOBAL)
    assert Scope(VIP).readable == (VIP, GUILD, GLOBAL)
    assert Scope(GLOBAL).readable == (GLOBAL,)
    staff = SpaceId("discord:42/channel-8")
    assert Scope(staff, (VIP, GUILD)).readable == (staff, GUILD, VIP, GLOBAL)


@pytest.mark.parametrize("foreign", ["discord:43", "discord:43/channel-7", "discord:4"])
def test_a_scope_reads_no_other_community(foreign: str) -> None:
    with pytest.raises(ValueError, match="another community"):
        Scope(GUILD, (SpaceId(foreign),))
