"""Cards: a list of things, each above the buttons that decide on it, by Discord's components of the second version.

Such a message has no content beside its components, and stays what it is
(https://docs.discord.com/developers/components/reference). The buttons are those of any message
(``bot.adapters.discord.components.buttons``), and so work after a restart.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import discord

from bot.adapters.discord.components.buttons import CommandButton, argument_of
from bot.adapters.discord.components.menus import menu_item
from bot.delivery.post import RenderedMessage

MAX_COMPONENTS = 40
"""Components of a message, those within others included."""

MAX_CHARS = 4000
"""Characters of all the texts of a message."""

MAX_BUTTONS = 5
"""Buttons of a row."""

_N_OF_ITEM = 3
"""The separator above an item, its text, and the row of its buttons."""

_N_OF_OTHERS = 5
"""The container, the text above the items, the menu in its row, and the row of the other buttons."""


def fits_card(rendered: RenderedMessage) -> bool:
    """Return whether a message with items is within the limits of a card."""
    texts = [rendered.text, *(item.text for item in rendered.items)]
    rows = [item.buttons for item in rendered.items if item.buttons] + [rendered.buttons]
    n_components = _N_OF_OTHERS + _N_OF_ITEM * len(rendered.items) + sum(map(len, rows))
    is_whole = all(text.strip() for text in texts) and all(len(row) <= MAX_BUTTONS for row in rows)
    return is_whole and sum(map(len, texts)) <= MAX_CHARS and n_components <= MAX_COMPONENTS


def card_of(rendered: RenderedMessage) -> discord.ui.LayoutView:
    """Return a message with items as a card."""
    view = discord.ui.LayoutView(timeout=None)
    container: discord.ui.Container[Any] = discord.ui.Container(discord.ui.TextDisplay(rendered.text))
    for item in rendered.items:
        container.add_item(discord.ui.Separator()).add_item(discord.ui.TextDisplay(item.text))
        if item.buttons:
            container.add_item(discord.ui.ActionRow(*(CommandButton(button, "it") for button in item.buttons)))
    view.add_item(container)
    if rendered.menu is not None:
        view.add_item(discord.ui.ActionRow(menu_item(rendered.menu)))
    if rendered.buttons:
        view.add_item(discord.ui.ActionRow(*map(CommandButton, rendered.buttons)))
    return view


def settled_view(message: discord.Message, pressed: str) -> Any:
    """Return what is left of a message's components once the button with the id ``pressed`` has settled it.

    Of an item's button, all but those of the same item; ``None`` for nothing. The texts of a card stay.
    """
    if not (message.flags.components_v2 or argument_of(pressed)):
        return None
    kind: type[Any] = discord.ui.LayoutView if message.flags.components_v2 else discord.ui.View
    view = kind.from_message(message, timeout=None)
    for item in list(_buttons_of(view)):
        if not argument_of(pressed) or argument_of(item.custom_id or "") == argument_of(pressed):
            _remove(view, item)
    view.stop()  # presses are handled by the classes of ``BUTTONS``, not by this view
    return view if view.children else None


def _buttons_of(view: Any) -> Iterator[discord.ui.Button[Any]]:
    return (item for item in view.walk_children() if isinstance(item, discord.ui.Button))


def _remove(view: Any, item: discord.ui.Button[Any]) -> None:
    """Remove a button, and its row where that was the last one in it."""
    row = item.parent
    if not isinstance(row, discord.ui.ActionRow):
        view.remove_item(item)
        return
    row.remove_item(item)
    if not row.children:
        around: Any = row.parent or view
        around.remove_item(row)
