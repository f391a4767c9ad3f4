"""What is done about presses of buttons and choices in menus.

A Protocol, since the class that does it imports the posts, which show them.
"""

from __future__ import annotations

from typing import Any, Protocol

import discord

from core.types import Thumb


class ButtonHandlers(Protocol):
    """Handles what people do with the buttons and menus under messages."""

    async def press_thumb(self, interaction: discord.Interaction[Any], thumb: Thumb, answer_id: int) -> None:
        """Record a thumb and thank whoever pressed it."""
        ...

    async def press_thread(self, interaction: discord.Interaction[Any]) -> None:
        """Open a thread on the answer."""
        ...

    async def press_command(
        self, interaction: discord.Interaction[Any], name: str, argument: str, channel: str = ""
    ) -> None:
        """Carry out the command a button or a menu calls; ``channel`` is one that was chosen."""
        ...


def handlers_of(interaction: discord.Interaction[Any]) -> ButtonHandlers:
    """Return the handlers of the client that an interaction came to."""
    handlers: ButtonHandlers = interaction.client.interactions
    return handlers
