"""The buttons under an answer. All they know is in their ``custom_id``, so they outlive a restart."""

from __future__ import annotations

import re
from typing import Any, Protocol, Self, cast

import discord

from core.types import Thumb

_EMOJI: dict[Thumb, str] = {"up": "👍", "down": "👎"}


class Presses(Protocol):
    """What the client does about a press."""

    async def press_thumb(self, interaction: discord.Interaction, thumb: Thumb, answer_id: int) -> None:
        """Record a thumb and thank whoever pressed it."""
        ...

    async def press_thread(self, interaction: discord.Interaction) -> None:
        """Open a thread on the answer."""
        ...


class ThumbButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"aion:thumb:(?P<thumb>up|down):(?P<answer>[0-9]{1,18})"
):
    """👍 or 👎 on one answer."""

    def __init__(self, thumb: Thumb, answer_id: int) -> None:
        super().__init__(discord.ui.Button(emoji=_EMOJI[thumb], custom_id=f"aion:thumb:{thumb}:{answer_id}"))
        self._thumb = thumb
        self._answer_id = answer_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the button that was pressed from its id."""
        return cls("up" if match["thumb"] == "up" else "down", int(match["answer"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        """Hand the press to the client."""
        await cast(Presses, interaction.client).press_thumb(interaction, self._thumb, self._answer_id)


class ThreadButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"aion:thread"):
    """🧵: go on in a thread, where AION needs no mention."""

    def __init__(self) -> None:
        super().__init__(discord.ui.Button(emoji="🧵", custom_id="aion:thread"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the button that was pressed."""
        return cls()

    async def callback(self, interaction: discord.Interaction) -> None:
        """Hand the press to the client."""
        await cast(Presses, interaction.client).press_thread(interaction)


def buttons_under(answer_id: int, *, can_thread: bool) -> discord.ui.View:
    """Return the buttons of an answer; a thread cannot be opened everywhere."""
    view = discord.ui.View(timeout=None)
    view.add_item(ThumbButton("up", answer_id)).add_item(ThumbButton("down", answer_id))
    return view.add_item(ThreadButton()) if can_thread else view


def can_open_thread(channel: object) -> bool:
    """Tell whether Discord has threads on messages of ``channel``."""
    return isinstance(channel, discord.TextChannel)
