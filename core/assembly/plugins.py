"""The host of third parties' plugins, told of what happens elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from core.assembly.stores import Stores
from core.commands import Registry
from core.extensions.hooks import ChangedDocument, PressedThumb
from core.extensions.host import PluginHost
from core.storage.documents import DocumentChange
from core.types import SpaceId, Thumb

FOLDER = "plugins"


@asynccontextmanager
async def open_plugins(data_dir: Path, stores: Stores, registry: Registry) -> AsyncIterator[PluginHost]:
    """Run the plugins in the data folder while the block runs; ``registry`` gets their commands."""
    host = PluginHost(data_dir / FOLDER, stores.plugin_grants, registry)

    def tell_of_document(space: SpaceId, name: str, change: DocumentChange) -> None:
        host.tell("on_document", ChangedDocument(space, name, change))

    stores.documents.follow(tell_of_document)
    await host.start()
    try:
        yield host
    finally:
        await host.close()


def tell_rating(host: PluginHost, space: SpaceId, answer_id: int, thumb: Thumb | None) -> None:
    """Tell plugins of a thumb that was pressed, or withdrawn."""
    host.tell("on_rating", PressedThumb(space, answer_id, thumb))
