"""``aion settings``: a community's settings, listed and changed. Works while AION runs.

A running AION follows within ``core.storage.spaces.FRESH_S`` seconds.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.terminal.changes import note_change
from bot.terminal.language import terminal_language
from bot.terminal.open_data_folder import open_data_folder
from bot.terminal.output import print_line, print_sentence
from core.chat.settings_service import SettingsService, SpaceSettings
from core.services import SettingValue
from core.services.setting_schema import setting_named
from core.services.setting_words import value_of
from core.storage.spaces import Spaces
from core.texts import say
from core.types import SpaceId


@asynccontextmanager
async def _open_settings(space: str) -> AsyncIterator[SpaceSettings]:
    async with open_data_folder() as folder:
        yield SettingsService(Spaces(folder.database)).at(SpaceId(space))


async def print_list(space: str) -> None:
    """Print every setting of ``space`` with its value."""
    async with _open_settings(space) as settings:
        for each in await settings.all():
            _print_value(each)


async def print_one(name: str, space: str) -> None:
    """Print one setting of ``space``: its value, what it does and what it may be. Raises ``BadInput`` on the name."""
    async with _open_settings(space) as settings:
        value = await settings.get(name)
    _print_value(value)
    print_sentence(f"setting.{value.setting.name}_about")
    print_line(f"  {value.setting.values[terminal_language()]}")


async def print_as_json(space: str) -> None:
    """Print the settings of ``space`` as one JSON object."""
    async with _open_settings(space) as settings:
        values = {each.setting.name: each.value for each in await settings.all()}
    sys.stdout.write(json.dumps(values, ensure_ascii=False, indent=2) + "\n")


async def change_setting(name: str, typed: str, space: str) -> None:
    """Change a setting of ``space`` and print it; of a channel, ``typed`` is its conversation's id.

    Raises ``BadInput`` on an unknown name or a wrong value.
    """
    is_of_channels = setting_named(name).kind in ("channel", "channels")
    channel = typed.strip() if is_of_channels and value_of(typed.strip()) != "off" else None
    async with open_data_folder() as folder:
        settings = SettingsService(Spaces(folder.database)).at(SpaceId(space))
        changed = await settings.set(name, typed, channel)
        await note_change(folder.database, space, "set", changed.setting.name, changed.written)
    _print_value(changed)


def _print_value(value: SettingValue) -> None:
    language, setting = terminal_language(), value.setting
    said, title = setting.said(value.value, language), say(language, f"setting.{setting.name}")
    print_line(f"{setting.name:<14} {said:<24} {title}")
