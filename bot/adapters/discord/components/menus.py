"""The select menus under a message. Their state is in their ``custom_id`` alone, so they work after a restart."""

from __future__ import annotations

import re
from typing import Any, Self

import discord

from bot.adapters.discord.components.button_handlers import handlers_of
from core.commands import NAME
from core.types import Menu

MAX_OPTIONS = 25
"""Discord's limit of a menu's options."""

MAX_LABEL_CHARS = 100


class CommandMenu(
    discord.ui.DynamicItem[discord.ui.Select[Any]],
    template=rf"aion:pick:(?P<command>{NAME.pattern}):(?P<argument>(?s:.*))",
):
    """Calls a command with the value of the chosen option, for whoever chooses it."""

    def __init__(self, menu: Menu) -> None:
        options = [
            discord.SelectOption(label=each.label[:MAX_LABEL_CHARS], value=each.value, default=each.is_chosen)
            for each in menu.options[:MAX_OPTIONS]
        ]
        custom_id = f"aion:pick:{menu.command}:{menu.argument}"
        super().__init__(discord.ui.Select(custom_id=custom_id, placeholder=menu.placeholder, options=options))
        self._menu = menu

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the menu that was used from its id."""
        return cls(Menu("", match["command"], match["argument"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Handle the choice."""
        line = " ".join(filter(None, (self._menu.argument, *self.item.values)))
        await handlers_of(interaction).press_command(interaction, self._menu.command, line)


class ChannelMenu(
    discord.ui.DynamicItem[discord.ui.ChannelSelect[Any]],
    template=rf"aion:channel:(?P<command>{NAME.pattern}):(?P<argument>(?s:.*))",
):
    """Calls a command with the chosen channel, which Discord vouches for, for whoever chooses it."""

    def __init__(self, menu: Menu) -> None:
        kinds = [discord.ChannelType.text, discord.ChannelType.public_thread, discord.ChannelType.private_thread]
        super().__init__(
            discord.ui.ChannelSelect(
                custom_id=f"aion:channel:{menu.command}:{menu.argument}",
                placeholder=menu.placeholder,
                channel_types=kinds,
            )
        )
        self._menu = menu

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the menu that was used from its id."""
        return cls(Menu("", match["command"], match["argument"], of_channels=True))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Handle the choice."""
        channel = str(self.item.values[0].id)
        await handlers_of(interaction).press_command(interaction, self._menu.command, self._menu.argument, channel)


def menu_item(menu: Menu) -> CommandMenu | ChannelMenu:
    """Return a menu as an item of a view."""
    return ChannelMenu(menu) if menu.of_channels else CommandMenu(menu)


MENUS = (CommandMenu, ChannelMenu)
"""Every class of menu, for ``discord.Client.add_dynamic_items``."""
