"""The buttons under a message. Their state is in their callback data (1-64 bytes), so they work after a restart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Message

from bot.delivery.post import RenderedMessage
from core.commands import NAME, CommandLine
from core.types import Button, Menu, MenuOption, Thumb

MAX_ITEMS = 20
"""Items whose buttons are shown; Telegram takes at most 100 buttons under a message."""

_N_PER_ROW = 3
_N_OPTIONS_PER_ROW = 2
_ROW_CHARS = 30
"""What fits a row on a phone, which divides its width evenly and cuts longer labels."""

_SIGNS: dict[Thumb, str] = {"up": "👍", "down": "👎"}
_RATE = re.compile(r"rate:(?P<thumb>up|down):(?P<answer_id>[0-9]{1,18})")
_OF_ITEM = "it"
_CALL = re.compile(rf"(?:do|{_OF_ITEM}):(?P<command>{NAME.pattern}):(?P<argument>(?s:.*))")


def keyboard_of(rendered: RenderedMessage) -> InlineKeyboardMarkup | None:
    """Return the buttons under a message, those of each item in a row of their own; ``None`` without any."""
    under = buttons_under(rendered.answer_id, rendered.buttons, rendered.menu)
    listed = rendered.items[:MAX_ITEMS]
    rows = [[_call(button, _OF_ITEM) for button in item.buttons] for item in listed if item.buttons]
    return InlineKeyboardMarkup([*rows, *(under.inline_keyboard if under else ())]) if rows else under


def settled(keyboard: InlineKeyboardMarkup | None, data: str) -> InlineKeyboardMarkup | None:
    """Return what is left of a keyboard once a press has settled its message, or one item of it."""
    if keyboard is None or not data.startswith(f"{_OF_ITEM}:"):
        return None
    rows = [row for row in keyboard.inline_keyboard if all(button.callback_data != data for button in row)]
    return InlineKeyboardMarkup(rows) if rows else None


def buttons_under(
    answer_id: int | None, buttons: Sequence[Button], menu: Menu | None = None
) -> InlineKeyboardMarkup | None:
    """Return the thumbs of an answer, the options of a menu, and the buttons that call commands; ``None`` without any.

    Telegram has no menus of channels.
    """
    thumbs = [_button(sign, f"rate:{thumb}:{answer_id}") for thumb, sign in _SIGNS.items()]
    calls = [_call(button, "do") for button in buttons]
    options = [_option(menu, option) for option in menu.options] if menu else []
    rows = [thumbs] if answer_id is not None else []
    rows += _rows(options, _N_OPTIONS_PER_ROW)
    rows += _rows(calls, _N_PER_ROW)
    return InlineKeyboardMarkup(rows) if rows else None


def pressed_thumb(data: str) -> tuple[Thumb, int] | None:
    """Return the thumb and the answer id of a pressed button's data; ``None`` for another button."""
    match = _RATE.fullmatch(data)
    return ("up" if match["thumb"] == "up" else "down", int(match["answer_id"])) if match else None


def pressed_command(data: str) -> CommandLine | None:
    """Return the command that a pressed button's data calls; ``None`` for another button."""
    match = _CALL.fullmatch(data)
    return CommandLine(match["command"], match["argument"]) if match else None


def calls_under(message: Message | None) -> Iterator[CommandLine]:
    """Yield the commands that the buttons under a message call."""
    keyboard = message.reply_markup.inline_keyboard if message is not None and message.reply_markup else ()
    for row in keyboard:
        for button in row:
            if isinstance(button.callback_data, str) and (line := pressed_command(button.callback_data)):
                yield line


def with_more(keyboard: InlineKeyboardMarkup | None, buttons: Sequence[Button]) -> InlineKeyboardMarkup | None:
    """Return a keyboard with further buttons below, leaving out those it has."""
    rows = [list(row) for row in keyboard.inline_keyboard] if keyboard else []
    held = {button.callback_data for row in rows for button in row}
    more = buttons_under(None, [each for each in buttons if f"do:{each.command}:{each.argument}" not in held])
    return InlineKeyboardMarkup([*rows, *more.inline_keyboard]) if more else keyboard


def _rows(buttons: Sequence[InlineKeyboardButton], n_per_row: int) -> list[list[InlineKeyboardButton]]:
    """Return buttons in rows of at most ``n_per_row``, fewer where a label would be cut: each has the same width."""
    rows: list[list[InlineKeyboardButton]] = []
    for button in buttons:
        row = [*rows[-1], button] if rows else []
        if row and len(row) <= n_per_row and max(len(each.text) for each in row) * len(row) <= _ROW_CHARS:
            rows[-1] = row
        else:
            rows.append([button])
    return rows


def _option(menu: Menu, option: MenuOption) -> InlineKeyboardButton:
    line = f"{menu.argument} {option.value}".strip()
    return _button(f"✓ {option.label}" if option.is_chosen else option.label, f"do:{menu.command}:{line}")


def _call(button: Button, kind: str) -> InlineKeyboardButton:
    return _button(button.label, f"{kind}:{button.command}:{button.argument}")


def _button(label: str, data: str) -> InlineKeyboardButton:
    return InlineKeyboardButton(label, callback_data=data)
