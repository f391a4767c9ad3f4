from __future__ import annotations

from core.privacy.discord_rules import DiscordRules
from core.types import GLOBAL, SpaceId

GUILD, DIRECT, GROUP = SpaceId("discord:1"), SpaceId("discord:dm:7"), SpaceId("telegram:-1")


def test_the_policy_holds_on_discord_alone_unless_the_operator_states_otherwise() -> None:
    for rules, of_discord in ((DiscordRules(), True), (DiscordRules(True, True), False)):
        for space in (GUILD, DIRECT, GROUP, GLOBAL, SpaceId("terminal:ana")):
            is_held = of_discord and space in (GUILD, DIRECT)
            assert rules.withholds_messages(space) == rules.refuses_training_plans(space) == is_held


def test_the_two_statements_are_apart() -> None:
    assert not DiscordRules(training_permitted=True).withholds_messages(GUILD)
    assert DiscordRules(training_permitted=True).refuses_training_plans(GUILD)
