"""Discord's developer policy on message content, as far as AION can break it.

Message content obtained through Discord's APIs may not train models unless Discord permits it expressly (Developer
Policy of 8 July 2024). So training leaves it out, and a provider whose plan trains on what it is sent is not asked.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.types import SpaceId


@dataclass(frozen=True, slots=True)
class DiscordRules:
    """What the operator states: ``training_permitted`` by Discord, and plans that train on prompts allowed."""

    training_permitted: bool = False
    training_plans_allowed: bool = False

    def withholds_messages(self, space: SpaceId) -> bool:
        """Return whether training must leave out what people wrote in a space."""
        return is_on_discord(space) and not self.training_permitted

    def refuses_training_plans(self, space: SpaceId) -> bool:
        """Return whether no provider may be asked for a space that trains on what it is sent."""
        return is_on_discord(space) and not self.training_plans_allowed


def is_on_discord(space: SpaceId) -> bool:
    """Return whether a space is a Discord server or somebody's direct messages there."""
    return space.startswith("discord:")
