"""One file per command family; each has ``register(registry)``, the same door third parties use.

A third party's package names its own ``register`` under the entry point group ``aion.plugins``.
"""

from __future__ import annotations

from importlib.metadata import entry_points

from core.commands import Registry
from plugins import (
    answers,
    ask,
    channels,
    conversation,
    documents,
    gaps,
    handoffs,
    help,
    index,
    learn,
    learned,
    map,
    privacy,
    providers,
    review,
    teach,
    watch,
)

GROUP = "aion.plugins"


def load_plugins() -> Registry:
    """Return a registry holding every shipped and every installed command."""
    registry = Registry()
    for plugin in (
        ask,
        conversation,
        index,
        learn,
        review,
        teach,
        documents,
        map,
        gaps,
        watch,
        handoffs,
        answers,
        learned,
        channels,
        privacy,
        providers,
        help,
    ):
        plugin.register(registry)
    for entry in entry_points(group=GROUP):
        entry.load()(registry)
    return registry
