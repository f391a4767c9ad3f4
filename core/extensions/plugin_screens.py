"""Pages that plugins add to the dashboard: in the menu of whom they are for, where the plugin is enabled.

A page is asked for in the plugin's thread, within its deadline; what is drawn is a checked copy of what it returns.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from core.errors import PermissionRefused, PluginFailed, Unavailable, UserError
from core.extensions.contributions import PluginScreen
from core.extensions.host import PluginHost
from core.extensions.loader import LoadedPlugin
from core.extensions.plugin_context import GrantedServices, OtherLoop
from core.extensions.screen_check import checked_parts
from core.extensions.screen_parts import ScreenPart, ScreenVisit
from core.services import SpaceServices
from core.texts import explain
from core.types import Language, Person, SpaceId

SCREEN_S = 5.0
"""Deadline of a page, and of taking a form."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ScreenVisitor:
    """Who looks: a moderator of a space, with the services bound to both. ``is_operator``: one of the operator's."""

    space: SpaceId
    person: Person
    language: Language
    is_operator: bool
    services: SpaceServices


@dataclass(frozen=True, slots=True)
class ScreenLink:
    """A page in the menu; ``path`` is below the dashboard's."""

    path: str
    title: str


@dataclass(frozen=True, slots=True)
class OpenScreen:
    """A plugin's page before a visitor who may see it."""

    host: PluginHost
    plugin: LoadedPlugin
    screen: PluginScreen
    visitor: ScreenVisitor

    @property
    def link(self) -> ScreenLink:
        """Return the page as the menu shows it."""
        return _link(self.plugin, self.screen, self.visitor.language)

    async def parts(self) -> tuple[ScreenPart, ...]:
        """Return what the page shows. Raises ``Unavailable`` when the plugin fails, and ``UserError`` of its own."""
        visit = self._visit()

        async def shown() -> tuple[ScreenPart, ...]:
            return checked_parts(await self.screen.show(visit))

        return await self._call(shown)

    async def send(self, form: str, fields: Mapping[str, str]) -> None:
        """Hand a form over that was sent. Raises as ``parts`` does, and ``Unavailable`` where the page takes none."""
        if self.screen.send is None:
            raise Unavailable("plugin.no_form", name=self.plugin.name)
        await self._call(partial(self.screen.send, self._visit(form, fields)))

    def _visit(self, form: str = "", fields: Mapping[str, str] | None = None) -> ScreenVisit:
        visitor, home = self.visitor, OtherLoop(asyncio.get_running_loop())
        services = GrantedServices(visitor.services, self.plugin.source.manifest.services, home)
        return ScreenVisit(visitor.space, visitor.person, visitor.language, services, form, dict(fields or {}))

    async def _call(self, work: Callable[[], Awaitable[T]]) -> T:
        try:
            return await self.host.call(self.plugin, partial(_sayable, work, self.visitor.language), SCREEN_S)
        except PluginFailed as error:
            raise Unavailable("plugin.failed", name=self.plugin.name) from error


@dataclass(frozen=True, slots=True)
class PluginScreens:
    """The pages of a host's plugins."""

    host: PluginHost

    async def links(self, space: SpaceId, language: Language, is_operator: bool) -> tuple[ScreenLink, ...]:
        """Return the pages that a moderator of a space may see, by plugin, in the order they were registered."""
        if not any(plugin.registered.screens for plugin in self.host.loaded):
            return ()
        return tuple(
            _link(plugin, screen, language)
            for plugin in await self.host.enabled(space)
            for screen in plugin.registered.screens
            if is_operator or screen.role == "moderator"
        )

    async def find(self, plugin_name: str, name: str, visitor: ScreenVisitor) -> OpenScreen | None:
        """Return a page; ``None`` where the plugin is not enabled or has none of that name.

        Raises ``PermissionRefused`` for one that is the operator's.
        """
        for plugin in await self.host.enabled(visitor.space):
            for screen in plugin.registered.screens:
                if (plugin.name, screen.name) == (plugin_name, name):
                    if screen.role == "operator" and not visitor.is_operator:
                        raise PermissionRefused("dashboard.operators_only")
                    return OpenScreen(self.host, plugin, screen, visitor)
        return None


def _link(plugin: LoadedPlugin, screen: PluginScreen, language: Language) -> ScreenLink:
    return ScreenLink(f"/plugins/{plugin.name}/{screen.name}", screen.title[language])


async def _sayable(work: Callable[[], Awaitable[T]], language: Language) -> T:
    """Do work. Raises ``PluginFailed`` in place of a ``UserError`` that names no sentence of the catalogue."""
    try:
        return await work()
    except UserError as error:
        try:
            explain(language, error)
        except (KeyError, ValueError) as unsayable:
            raise PluginFailed(f"it raised {error!r}, which is no sentence") from unsayable
        raise
