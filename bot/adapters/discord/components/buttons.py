"""The buttons and the menu under a message. Their state is in their ``custom_id``, so they work after a restart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, Self

import discord

from bot.adapters.discord.components.button_handlers import handlers_of
from bot.adapters.discord.components.menus import MENUS, menu_item
from bot.adapters.discord.translate import answered_message
from bot.delivery.post import RenderedMessage
from core.commands import NAME, CommandLine
from core.types import Button, Thumb

Kind = Literal["do", "it"]

MAX_BUTTONS = 25
"""Buttons under a message, in rows of five."""

_REST_OF_ROW = 4
"""Buttons that a menu leaves no place for beside itself."""

_EMOJI: dict[Thumb, str] = {"up": "👍", "down": "👎"}


class ThumbButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"aion:thumb:(?P<thumb>up|down):(?P<answer>[0-9]{1,18})"
):
    """Rates one answer 👍 or 👎."""

    def __init__(self, thumb: Thumb, answer_id: int) -> None:
        super().__init__(discord.ui.Button(emoji=_EMOJI[thumb], custom_id=f"aion:thumb:{thumb}:{answer_id}"))
        self._thumb = thumb
        self._answer_id = answer_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the button that was pressed from its id."""
        return cls("up" if match["thumb"] == "up" else "down", int(match["answer"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Handle the press."""
        await handlers_of(interaction).press_thumb(interaction, self._thumb, self._answer_id)


class ThreadButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"aion:thread"):
    """🧵: opens a thread on the answer, where AION needs no mention."""

    def __init__(self) -> None:
        super().__init__(discord.ui.Button(emoji="🧵", custom_id="aion:thread"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the button that was pressed."""
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Handle the press."""
        await handlers_of(interaction).press_thread(interaction)


class CommandButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=rf"aion:(?P<kind>do|it):(?P<command>{NAME.pattern}):(?P<argument>(?s:.*))",
):
    """Calls a command for whoever presses it; of the kind ``it``, about one item of the message."""

    def __init__(self, button: Button, kind: Kind = "do") -> None:
        custom_id = f"aion:{kind}:{button.command}:{button.argument}"
        super().__init__(discord.ui.Button(label=button.label, custom_id=custom_id))
        self._button = button

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the button that was pressed from its id."""
        label = item.label if isinstance(item, discord.ui.Button) else None
        kind: Kind = "it" if match["kind"] == "it" else "do"
        return cls(Button(label or match["command"], match["command"], match["argument"]), kind)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Handle the press."""
        await handlers_of(interaction).press_command(interaction, self._button.command, self._button.argument)


def argument_of(custom_id: str) -> str:
    """Return the argument of an item's button by its id; nothing for another button."""
    match = CommandButton.__discord_ui_compiled_template__.fullmatch(custom_id)
    return match["argument"] if match and match["kind"] == "it" else ""


def buttons_under(rendered: RenderedMessage, *, can_thread: bool) -> discord.ui.View | None:
    """Return a message's menu and buttons, ``None`` without any; a ``ThreadButton`` only where ``can_thread``."""
    if rendered.answer_id is None and not (rendered.buttons or rendered.items) and rendered.menu is None:
        return None
    view = discord.ui.View(timeout=None)
    if rendered.menu is not None:
        view.add_item(menu_item(rendered.menu))
    if rendered.answer_id is not None:
        view.add_item(ThumbButton("up", rendered.answer_id)).add_item(ThumbButton("down", rendered.answer_id))
        if can_thread and not rendered.private:
            view.add_item(ThreadButton())
    of_items = [CommandButton(button, "it") for item in rendered.items for button in item.buttons]
    room = MAX_BUTTONS - len(view.children) - (_REST_OF_ROW if rendered.menu else 0)
    for calling in [*of_items, *map(CommandButton, rendered.buttons)][:room]:
        view.add_item(calling)
    return view


BUTTONS = (ThumbButton, ThreadButton, CommandButton, *MENUS)
"""Every class of button and menu, for ``discord.Client.add_dynamic_items``."""


def is_known(interaction: discord.Interaction[Any]) -> bool:
    """Return whether the pressed component is one of ``BUTTONS``."""
    data: Any = interaction.data or {}
    custom_id = str(data.get("custom_id", ""))
    return any(kind.__discord_ui_compiled_template__.fullmatch(custom_id) for kind in BUTTONS)


def calls_under(me: discord.ClientUser, message: discord.Message) -> Iterator[CommandLine]:
    """Yield the commands that the buttons under the message of AION call to which ``message`` replies."""
    answered = answered_message(message)
    if answered is None or answered.author.id != me.id:
        return
    for row in answered.components:
        for child in getattr(row, "children", ()):
            pattern = CommandButton.__discord_ui_compiled_template__
            if match := pattern.fullmatch(getattr(child, "custom_id", None) or ""):
                yield CommandLine(match["command"], match["argument"])


def can_open_thread(channel: object) -> bool:
    """Return whether threads can be opened on messages of ``channel``."""
    return isinstance(channel, discord.TextChannel)
