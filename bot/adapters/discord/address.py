"""Spaces on Discord, and where the reply to a stored message goes, also in another process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord

from core.types import SpaceId

DIRECT = "discord:dm:"
"""The prefix of the space of a person's direct messages."""


def space_of(guild_id: int | None, user_id: int) -> SpaceId:
    """Return the space of a server, or of a person's direct messages."""
    return SpaceId(f"discord:{guild_id}" if guild_id else f"{DIRECT}{user_id}")


def message_at(client: discord.Client, address: Mapping[str, str]) -> discord.PartialMessage:
    """Return the message of an address from ``bot.adapters.discord.translate.message_of``, cached or not."""
    found: discord.PartialMessage = channel_at(client, address).get_partial_message(int(address["message"]))
    return found


def interaction_at(client: discord.Client, address: Mapping[str, str]) -> discord.Interaction[Any]:
    """Return the interaction of an address from ``bot.adapters.discord.translate.call_of``, as far as replies need."""
    payload: Any = {
        "id": address["interaction"],
        "application_id": str(client.application_id),
        "type": discord.InteractionType.application_command.value,
        "token": address["token"],
        "version": 1,
        "attachment_size_limit": 0,
    }
    interaction: discord.Interaction[Any] = discord.Interaction(data=payload, state=client._connection)
    interaction.channel = channel_at(client, address)
    return interaction


def channel_at(client: discord.Client, address: Mapping[str, str]) -> Any:
    """Return the channel of an address, cached or not."""
    channel_id = int(address["channel"])
    return client.get_channel(channel_id) or client.get_partial_messageable(channel_id)
