"""The commands: one module for each, or for a family named after its first; each has ``register(registry)``.

A third party's package names its own ``register`` under the entry point group ``aion.plugins``.
"""

from __future__ import annotations

from importlib.metadata import entry_points

from core.commands import Registry
from plugins import (
    ask,
    channel,
    dashboard,
    help,
    human,
    jobs,
    new,
    plugin,
    privacy,
    providers,
    quiz,
    reply,
    review,
    right,
    settings,
    stats,
    summary,
    teach,
    training,
    trust,
    webhook,
)
from plugins.knowledge import conflicts, docs, gaps, import_, index, learn, learned, map, sources, watch

GROUP = "aion.plugins"
"""The entry point group under which installed packages add commands."""


def load_plugins() -> Registry:
    """Return a registry with every shipped command, in the order of menus, and those of installed packages."""
    registry = Registry()
    for module in (
        ask,
        new,
        index,
        learn,
        review,
        teach,
        import_,
        docs,
        map,
        gaps,
        conflicts,
        watch,
        jobs,
        human,
        reply,
        trust,
        sources,
        right,
        learned,
        stats,
        summary,
        quiz,
        settings,
        dashboard,
        channel,
        webhook,
        privacy,
        training,
        providers,
        plugin,
        help,
    ):
        module.register(registry)
    for entry in entry_points(group=GROUP):
        entry.load()(registry)
    return registry
