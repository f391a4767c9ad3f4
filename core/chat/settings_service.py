"""The settings of spaces as commands see them (``core.services.SettingsPort``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.services import SettingValue
from core.services.setting_schema import SETTINGS, Setting, setting_named
from core.services.setting_words import value_of
from core.storage.spaces import Spaces
from core.types import SpaceId

HERE = "here"
"""In place of a channel: the one it is typed in."""


@dataclass(frozen=True, slots=True)
class SettingsService:
    """Reads and changes the settings of any space."""

    spaces: Spaces

    def at(self, space: SpaceId, conversation: str | None = None) -> SpaceSettings:
        """Return the settings of a space; ``conversation`` is what ``here`` stands for."""
        return SpaceSettings(self.spaces, space, conversation)


@dataclass(frozen=True, slots=True)
class SpaceSettings:
    """The settings of one space (``core.services.SettingsPort``)."""

    _spaces: Spaces
    _space: SpaceId
    _conversation: str | None

    async def all(self) -> tuple[SettingValue, ...]:
        """Return every setting with its value, in the schema's order."""
        return tuple([await self._read(setting) for setting in SETTINGS])

    async def get(self, name: str) -> SettingValue:
        """Return one setting. Raises ``BadInput`` when there is none of that name."""
        return await self._read(setting_named(name))

    async def set(self, name: str, typed: str, channel: str | None = None) -> SettingValue:
        """Change a setting, and return it with its new value. Raises ``BadInput`` on a wrong name or value."""
        setting = setting_named(name)
        meant = channel or (self._conversation if value_of(typed.strip()) == HERE else None)
        match setting.kind:
            case "channel" if meant:
                await self._spaces.set_value(self._space, setting, meant)
            case "channels" if meant:
                await self._spaces.change_value(self._space, setting, lambda held: _toggled(held, meant))
            case _:
                await self._spaces.set_value(self._space, setting, setting.parse(typed))
        return await self._read(setting)

    async def _read(self, setting: Setting[Any]) -> SettingValue:
        value = await self._spaces.value(self._space, setting)
        is_here = self._conversation is not None and (
            self._conversation in value if setting.kind == "channels" else self._conversation == value
        )
        return SettingValue(setting, value, is_here)


def _toggled(held: tuple[str, ...], conversation: str) -> tuple[str, ...]:
    others = {each for each in held if each != conversation}
    return tuple(sorted(others if conversation in held else {*others, conversation}))
