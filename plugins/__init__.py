"""The commands: one module for each, or for a family named after its first; each has ``register(registry)``.

Those of third parties are read by ``core.extensions``.
"""

from __future__ import annotations

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


def load_plugins() -> Registry:
    """Return a registry with every shipped command, in the order of menus."""
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
    return registry
