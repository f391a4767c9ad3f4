"""Cards are within Discord's limits, and what is decided leaves them."""

from __future__ import annotations

from typing import Any

import pytest

from bot.adapters.discord.components.buttons import argument_of
from bot.adapters.discord.components.cards import MAX_CHARS, MAX_COMPONENTS, card_of, fits_card
from bot.delivery.post import RenderedItem, RenderedMessage
from core.types import Button, Menu, MenuOption

MENU = Menu("Which", "settings", options=(MenuOption("One", "1"),))


def card(n_items: int, n_buttons: int, text: str = "A thing", menu: Menu | None = None) -> RenderedMessage:
    items = tuple(
        RenderedItem(text, tuple(Button(f"Do {n}", "approve", f"{n}{item}") for n in range(n_buttons)))
        for item in range(n_items)
    )
    return RenderedMessage("Several:", buttons=(Button("All", "docs"),), items=items, menu=menu, is_card=True)


def everything(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for one in components for each in [one, *everything(one.get("components", []))]]


@pytest.mark.parametrize("menu", [None, MENU])
@pytest.mark.parametrize("n_buttons", [0, 1, 2, 5])
async def test_what_fits_is_within_the_limit_of_components(n_buttons: int, menu: Menu | None) -> None:
    fitting = [n for n in range(1, 14) if fits_card(card(n, n_buttons, menu=menu))]
    assert fitting
    for n in fitting:
        components = everything(card_of(card(n, n_buttons, menu=menu)).to_components())
        assert len(components) <= MAX_COMPONENTS
    assert fits_card(card(6, 2)), "as many as /pending lists"
    assert not fits_card(card(13, 2))


@pytest.mark.parametrize(
    ("rendered", "does"),
    [
        (card(2, 1, "x" * (MAX_CHARS // 2 - 10)), True),
        (card(2, 1, "x" * (MAX_CHARS // 2)), False),
        (card(1, 6), False),
        (card(1, 1, " "), False),
    ],
)
def test_what_is_too_long_or_empty_is_no_card(rendered: RenderedMessage, does: bool) -> None:
    assert fits_card(rendered) is does


@pytest.mark.parametrize(
    ("custom_id", "argument"),
    [("aion:it:approve:12", "12"), ("aion:do:approve:12", ""), ("aion:thread", ""), ("", "")],
)
def test_only_an_items_button_has_an_item(custom_id: str, argument: str) -> None:
    assert argument_of(custom_id) == argument
