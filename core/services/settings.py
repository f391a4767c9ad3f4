"""The settings of a space, to show and to change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from core.services.setting_schema import Setting


@dataclass(frozen=True, slots=True)
class SettingValue:
    """A setting and its value in a space. ``is_here``: its channel, or one of them, is that of the message."""

    setting: Setting[Any]
    value: Any
    is_here: bool = False

    @property
    def written(self) -> str:
        """Return the value as it is typed."""
        return self.setting.written(self.value)


class SettingsPort(Protocol):
    """The settings of a space. Bound to the space and the channel of the message."""

    async def all(self) -> tuple[SettingValue, ...]:
        """Return every setting with its value, in the schema's order."""
        ...

    async def get(self, name: str) -> SettingValue:
        """Return one setting. Raises ``BadInput`` when there is none of that name."""
        ...

    async def set(self, name: str, typed: str, channel: str | None = None) -> SettingValue:
        """Change a setting, and return it with its new value.

        ``channel`` is a channel of the space that the platform vouches for; ``here`` names the message's own. One that
        is among several already is taken out. Raises ``BadInput`` on an unknown name or a wrong value.
        """
        ...
