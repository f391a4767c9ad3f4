"""Plugins of third parties, as a space's moderators see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from core.types import Language

PluginState = Literal["off", "on", "changed", "stopped", "broken"]
"""``changed``: enabled, and its file is another since; ``stopped``: failed too often; ``broken``: cannot be loaded."""


@dataclass(frozen=True, slots=True)
class PluginCard:
    """A plugin as its manifest describes it, and how it is doing in a space.

    ``digest`` is SHA-256 of its code. ``problem`` says in technical English why it is broken or stopped.
    """

    name: str
    version: str
    description: str
    services: tuple[str, ...]
    hooks: tuple[str, ...]
    commands: tuple[str, ...]
    jobs: tuple[str, ...]
    engines: tuple[str, ...]
    extractors: tuple[str, ...]
    generators: tuple[str, ...]
    screens: tuple[str, ...]
    network: bool
    digest: str
    state: PluginState
    problem: str = ""

    @classmethod
    def broken(cls, name: str, problem: str) -> PluginCard:
        """Return the card of a plugin that cannot be loaded."""
        return cls(name, "", "", (), (), (), (), (), (), (), (), False, "", "broken", problem)


class PluginsPort(Protocol):
    """The plugins in the data folder. Bound to the space of the message."""

    async def all(self, language: Language) -> tuple[PluginCard, ...]:
        """Return every plugin, by name."""
        ...

    async def find(self, name: str, language: Language) -> PluginCard:
        """Return one plugin. Raises ``BadInput`` when there is none of that name."""
        ...

    async def enable(self, name: str, digest: str) -> None:
        """Enable a plugin here. Raises ``BadInput`` when its code is not of ``digest``, or it cannot be loaded."""
        ...

    async def disable(self, name: str) -> None:
        """Disable a plugin here. Raises ``BadInput`` when there is none of that name."""
        ...

    async def reload(self) -> None:
        """Read all files of plugins anew, without a restart."""
        ...
