"""The plugins of a data folder as one space's moderators see them (``core.services.PluginsPort``)."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import BadInput
from core.extensions.host import PluginHost
from core.extensions.plugin_screens import PluginScreens
from core.services import PluginCard
from core.types import Language, SpaceId


@dataclass(frozen=True, slots=True)
class SpacePlugins:
    """The plugins as one space sees them."""

    space: SpaceId
    _host: PluginHost

    async def all(self, language: Language) -> tuple[PluginCard, ...]:
        """Return every plugin, by name."""
        return await self._host.cards(self.space, language)

    async def find(self, name: str, language: Language) -> PluginCard:
        """Return one plugin. Raises ``BadInput`` when there is none of that name."""
        for card in await self.all(language):
            if card.name == name:
                return card
        raise BadInput("plugin.unknown", name=name)

    async def enable(self, name: str, digest: str) -> None:
        """Enable a plugin here. Raises ``BadInput`` when its code is not of ``digest``, or it does not run."""
        await self._host.enable(self.space, name, digest)

    async def disable(self, name: str) -> None:
        """Disable a plugin here. Raises ``BadInput`` when there is none of that name."""
        await self.find(name, "en")
        await self._host.disable(self.space, name)

    async def reload(self) -> None:
        """Read all files of plugins anew."""
        await self._host.reload()


@dataclass(frozen=True, slots=True)
class PluginService:
    """Makes the ``SpacePlugins`` of any space."""

    host: PluginHost

    @property
    def screens(self) -> PluginScreens:
        """Return the pages that plugins add to the dashboard."""
        return PluginScreens(self.host)

    def of(self, space: SpaceId) -> SpacePlugins:
        """Return the plugins as ``space`` sees them."""
        return SpacePlugins(space, self.host)
