"""The host of plugins: loads the files of the data folder, calls them within limits, and stops those that fail.

A plugin's commands and hooks act in the spaces that enabled its code and in no other. ``docs/plugins.md`` is its guide.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pluggy import PluginValidationError

from core.commands import Command, Context, Handler, Registry
from core.errors import AionError, BadInput, PluginFailed, UserError
from core.extensions.hooks import AskedQuestion, new_manager
from core.extensions.installed import read_installed
from core.extensions.loader import LoadedPlugin, load, unload
from core.extensions.manifest import PluginSource, read_source
from core.extensions.plugin_context import OtherLoop, PluginContext
from core.offload import offload
from core.services import PluginCard, PluginState
from core.storage.plugin_grants import PluginGrants
from core.types import Language, SpaceId

log = logging.getLogger(__name__)

T = TypeVar("T")

COMMAND_S, HOOK_S, BEFORE_S = 60.0, 10.0, 2.0
"""Deadlines of a command, of a hook, and of the hook that an answer waits for."""

MAX_FAILURES = 3
"""Failures in a row after which a plugin is stopped until it is read anew."""

MAX_EVENTS = 1_000
"""Events waiting for hooks; further ones are dropped."""


class PluginHost:
    """The plugins of one data folder. Enter it to run hooks; ``registry`` gets the plugins' commands."""

    def __init__(self, folder: Path, grants: PluginGrants, registry: Registry) -> None:
        self._folder, self._grants, self._registry = folder, grants, registry
        self._loaded: dict[str, LoadedPlugin] = {}
        self._owners: dict[str, LoadedPlugin] = {}
        self._broken: dict[str, str] = {}
        self._stopped: dict[str, str] = {}
        self._hooks = new_manager()
        self._events: asyncio.Queue[tuple[str, Any]] = asyncio.Queue(MAX_EVENTS)
        self._reloading = asyncio.Lock()
        self._telling: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Load every plugin and begin to tell them of events."""
        await self.reload()
        self._telling = asyncio.create_task(self._tell(), name="plugin hooks")

    async def close(self) -> None:
        """Stop every plugin."""
        if self._telling is not None:
            self._telling.cancel()
            with suppress(asyncio.CancelledError):
                await self._telling
        for name in list(self._loaded):
            await self._unload(name)

    async def reload(self) -> None:
        """Read all files anew: load what is new, exchange what changed, drop what is gone, try again what failed."""
        async with self._reloading:
            sources, self._broken = await offload(read_all, self._folder)
            for name, plugin in list(self._loaded.items()):
                source = sources.get(name)
                if source is None or source.digest != plugin.source.digest or name in self._stopped:
                    await self._unload(name)
            self._stopped.clear()
            enabled = await self._grants.names()
            for name in sorted(sources, key=lambda name: (name not in enabled, name)):  # enabled ones have their names
                if name not in self._loaded:
                    await self._load(name, sources[name])
            self._registry.tell_followers()

    async def cards(self, space: SpaceId, language: Language) -> tuple[PluginCard, ...]:
        """Return every plugin as a space sees it, by name."""
        granted = await self._grants.of(space)
        cards = [self._card(plugin, granted.get(name), language) for name, plugin in self._loaded.items()]
        cards += [PluginCard.broken(name, problem) for name, problem in self._broken.items()]
        return tuple(sorted(cards, key=lambda card: card.name))

    async def enable(self, space: SpaceId, name: str, digest: str) -> None:
        """Enable a plugin in a space. Raises ``BadInput`` when its code is not of ``digest``, or it does not run."""
        plugin = self._loaded.get(name)
        if plugin is None or name in self._stopped:
            raise BadInput("plugin.not_running", name=name)
        if plugin.source.digest != digest:
            raise BadInput("plugin.changed", name=name)
        await self._grants.grant(space, name, digest)

    async def disable(self, space: SpaceId, name: str) -> None:
        """Disable a plugin in a space."""
        await self._grants.revoke(space, name)

    async def before_answer(self, question: AskedQuestion) -> str:
        """Return the words to answer: the question's own, unless a plugin that is enabled here returns others."""
        text = question.text
        for plugin, hook in await self._listeners("before_answer", question.space):
            with suppress(AionError):
                other = await self.call(plugin, partial(hook, replace(question, text=text)), BEFORE_S)
                text = other if isinstance(other, str) and other.strip() else text
        return text

    def tell(self, hook: str, event: Any) -> None:
        """Tell plugins of an event, later and in order. ``event`` has the ``space`` it happened in."""
        if not getattr(self._hooks.hook, hook).get_hookimpls():
            return
        try:
            self._events.put_nowait((hook, event))
        except asyncio.QueueFull:
            log.warning("plugins are behind: an event of %s is dropped", hook)

    async def _tell(self) -> None:
        while True:
            hook, event = await self._events.get()
            for plugin, heard in await self._listeners(hook, event.space):
                with suppress(AionError):
                    await self.call(plugin, partial(heard, event), HOOK_S)

    async def enabled(self, space: SpaceId) -> list[LoadedPlugin]:
        """Return the plugins that are enabled in a space and run, by name."""
        if not self._loaded:
            return []
        granted = await self._grants.of(space)
        running = [plugin for name, plugin in sorted(self._loaded.items()) if name not in self._stopped]
        return [plugin for plugin in running if granted.get(plugin.name) == plugin.source.digest]

    @property
    def loaded(self) -> tuple[LoadedPlugin, ...]:
        """Return the plugins that are loaded and were not stopped, by name."""
        return tuple(plugin for name, plugin in sorted(self._loaded.items()) if name not in self._stopped)

    async def _listeners(self, hook: str, space: SpaceId) -> list[tuple[LoadedPlugin, Callable[[Any], Any]]]:
        """Return the plugins enabled in a space that have a hook, each with its function."""
        found = getattr(self._hooks.hook, hook).get_hookimpls()
        if not found:
            return []
        granted = await self._grants.of(space)
        pairs = [(self._loaded[impl.plugin_name], impl.function) for impl in found if impl.plugin_name in self._loaded]
        return [(plugin, function) for plugin, function in pairs if granted.get(plugin.name) == plugin.source.digest]

    async def _load(self, name: str, source: PluginSource) -> None:
        try:
            plugin = await load(source)
        except BadInput as error:
            self._broken[name] = str(error.values["problem"])
            return log.warning("plugin %s cannot be loaded: %s", name, self._broken[name])
        try:
            for command in plugin.commands:
                if (owner := self._owners.get(command.name)) is not None:
                    raise ValueError(f"the command {command.name!r} is the plugin {owner.name}'s")
                self._registry.add(replace(command, handler=self._guarded(plugin, command)))
                self._owners[command.name] = plugin
            self._hooks.register(plugin.module, name)
            self._hooks.check_pending()
        except (ValueError, PluginValidationError) as error:  # of the registry, and of the hooks' arguments
            self._loaded[name] = plugin
            await self._unload(name)
            self._broken[name] = str(error)
            return log.warning("plugin %s cannot be loaded: %s", name, error)
        self._loaded[name] = plugin
        log.info("plugin %s %s is loaded", name, source.manifest.version)

    async def _unload(self, name: str) -> None:
        plugin = self._loaded.pop(name)
        self._silence(plugin)
        await unload(plugin)

    def _silence(self, plugin: LoadedPlugin) -> None:
        """Take a plugin's own commands and hooks away."""
        for command in plugin.commands:
            if self._owners.get(command.name) is plugin:
                del self._owners[command.name]
                self._registry.remove(command.name)
        if self._hooks.has_plugin(plugin.name):
            self._hooks.unregister(name=plugin.name)

    def _guarded(self, plugin: LoadedPlugin, command: Command) -> Handler:
        async def handle(context: Context) -> None:
            if plugin.name in self._stopped:
                raise BadInput("plugin.not_running", name=plugin.name)
            granted = await self._grants.of(context.message.space)
            if granted.get(plugin.name) != plugin.source.digest:
                raise BadInput("plugin.off", name=plugin.name, command=command.name)
            home = OtherLoop(asyncio.get_running_loop())
            given = PluginContext(context, plugin.source.manifest.services, home)
            try:
                await self.call(plugin, lambda: command.handler(given), COMMAND_S)
            except PluginFailed as error:
                raise BadInput("plugin.failed", name=plugin.name) from error

        return handle

    async def call(self, plugin: LoadedPlugin, work: Callable[[], Awaitable[T]], deadline_s: float) -> T:
        """Call a plugin. Raises ``PluginFailed`` whatever it does, and ``UserError`` of its own."""
        try:
            result = await plugin.thread.call(work, deadline_s)
        except UserError:
            raise
        except Exception as error:  # whatever a stranger's code raises
            self._note_failure(plugin, error)
            raise PluginFailed(f"{plugin.name}: {type(error).__name__}: {error}") from error
        plugin.n_failures = 0
        return result

    def _note_failure(self, plugin: LoadedPlugin, error: Exception) -> None:
        log.error("plugin %s failed", plugin.name, exc_info=error)
        if self._loaded.get(plugin.name) is not plugin:
            return  # it was read anew since it was called
        plugin.n_failures += 1
        if plugin.thread.is_blocked or plugin.n_failures >= MAX_FAILURES:
            log.error("plugin %s is stopped until it is read anew", plugin.name)
            self._stopped[plugin.name] = f"{type(error).__name__}: {error}"
            if self._hooks.has_plugin(plugin.name):
                self._hooks.unregister(name=plugin.name)

    def _card(self, plugin: LoadedPlugin, granted: str | None, language: Language) -> PluginCard:
        manifest = plugin.source.manifest
        state: PluginState = "off" if granted is None else "on" if granted == plugin.source.digest else "changed"
        return PluginCard(
            manifest.name,
            manifest.version,
            manifest.say(language),
            manifest.services,
            plugin.hooks,
            tuple(command.name for command in plugin.commands if command.listed),
            manifest.jobs,
            manifest.engines,
            manifest.extractors,
            manifest.generators,
            manifest.screens,
            manifest.network,
            plugin.source.digest,
            "stopped" if manifest.name in self._stopped else state,
            self._stopped.get(manifest.name, ""),
        )


def read_all(folder: Path) -> tuple[dict[str, PluginSource], dict[str, str]]:
    """Return the readable plugins of a folder and of installed packages, and the others' problems, by name."""
    sources, broken = dict[str, PluginSource](), dict[str, str]()
    for path in sorted(folder.glob("*.py")):
        try:
            sources[path.stem] = read_source(path)
        except BadInput as error:
            broken[path.stem] = str(error.values["problem"])
    read_installed(sources, broken)
    return sources, broken
