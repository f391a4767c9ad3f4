"""Runs a plugin's file in a thread of its own, and takes everything of it away again."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from core.commands import Command
from core.errors import BadInput, PluginFailed
from core.extensions.contributions import PluginRegistry
from core.extensions.manifest import HOOKS, PluginSource
from core.extensions.plugin_thread import PluginThread
from core.extensions.sound_command import sound_command
from core.offload import offload

LOAD_S = 10.0
"""Time for a plugin's file to run, imports among it."""


@dataclass(slots=True)
class LoadedPlugin:
    """A plugin whose file ran: its module, what it registered, its commands, and how often in a row it failed."""

    source: PluginSource
    thread: PluginThread
    module: ModuleType
    registered: PluginRegistry
    commands: tuple[Command, ...]
    n_failures: int = 0

    @property
    def name(self) -> str:
        """Return its name."""
        return self.source.manifest.name

    @property
    def hooks(self) -> tuple[str, ...]:
        """Return the hooks that its module has a function for."""
        return tuple(name for name in HOOKS if _is_hook(getattr(self.module, name, None)))


async def load(source: PluginSource) -> LoadedPlugin:
    """Run a plugin's file and its ``register``, if it has one. Raises ``BadInput`` when either fails."""
    name = source.manifest.name
    thread = PluginThread(name)
    module = ModuleType(f"aion_plugin_{name}")
    module.__file__ = str(source.path)
    module.__package__ = source.package
    registry = PluginRegistry()

    async def run() -> None:
        sys.modules[module.__name__] = module  # dataclasses look their module up
        code = compile(source.code, str(source.path), "exec")
        exec(code, module.__dict__)  # nosec B102 (what a plugin is; enabled by a moderator)
        register: Callable[[PluginRegistry], None] | None = getattr(module, "register", None)
        if register is not None:
            register(registry)

    try:
        await thread.call(run, LOAD_S)
        loaded = LoadedPlugin(source, thread, module, registry, tuple(map(sound_command, registry)))
        _require_named_hooks(loaded)
        _require_named_contributions(loaded)
    except Exception as error:  # whatever a stranger's file raises is told as one sentence
        await offload(_take_away, thread, module)
        raise BadInput("plugin.not_loaded", name=name, problem=f"{type(error).__name__}: {error}") from error
    return loaded


async def unload(plugin: LoadedPlugin) -> None:
    """End a plugin's thread and forget its module."""
    await offload(_take_away, plugin.thread, plugin.module)


def _take_away(thread: PluginThread, module: ModuleType) -> None:
    thread.close()
    sys.modules.pop(module.__name__, None)


def _require_named_hooks(plugin: LoadedPlugin) -> None:
    if missing := set(plugin.source.manifest.hooks) - set(plugin.hooks):
        raise PluginFailed(f"its manifest names {', '.join(missing)}, and no function of that name is marked @hook")
    for name in plugin.hooks:
        if name not in plugin.source.manifest.hooks:
            raise PluginFailed(f"its manifest does not name the hook {name!r}")
        if not inspect.iscoroutinefunction(getattr(plugin.module, name)):
            raise PluginFailed(f"the hook {name!r} is no coroutine function")


def _require_named_contributions(plugin: LoadedPlugin) -> None:
    for field, names in plugin.registered.contributed.items():
        named = getattr(plugin.source.manifest, field)
        if len(set(names)) != len(names) or set(names) != set(named):
            raise PluginFailed(f"its manifest names {field} = {list(named)}, and it registers {list(names)}")


def _is_hook(value: object) -> bool:
    return hasattr(value, "aion_impl")
