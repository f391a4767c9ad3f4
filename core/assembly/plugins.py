"""The host of third parties' plugins, told of what happens elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from core.assembly.stores import Stores
from core.chat.notices import Notices
from core.commands import Registry
from core.extensions.hooks import ChangedDocument, PressedThumb
from core.extensions.host import PluginHost
from core.extensions.plugin_work import PluginWork
from core.jobs.scheduler import Job
from core.markdown import Markdown
from core.storage.documents import DocumentChange
from core.types import Reply, SpaceId, Thumb

FOLDER = "plugins"


@asynccontextmanager
async def open_plugins(
    data_dir: Path, stores: Stores, registry: Registry, notices: Notices
) -> AsyncIterator[tuple[PluginHost, PluginWork]]:
    """Run the plugins while the block runs; ``registry`` gets their commands, ``notices`` what their jobs tell."""
    host = PluginHost(data_dir / FOLDER, stores.plugin_grants, registry)

    def tell_of_document(space: SpaceId, name: str, change: DocumentChange) -> None:
        host.tell("on_document", ChangedDocument(space, name, change))

    async def tell_moderators(space: SpaceId, text: Markdown) -> None:
        language = await notices.language(space)
        key = f"plugin:{datetime.now(UTC).isoformat()}"
        await notices.tell_moderators(space, key, lambda _: Reply(Markdown(text), language))

    stores.documents.follow(tell_of_document)
    await host.start()
    try:
        yield host, PluginWork(host, stores.plugin_grants, tell_moderators, notices.language)
    finally:
        await host.close()


def tell_rating(host: PluginHost, space: SpaceId, answer_id: int, thumb: Thumb | None) -> None:
    """Tell plugins of a thumb that was pressed, or withdrawn."""
    host.tell("on_rating", PressedThumb(space, answer_id, thumb))


def scheduled(work: PluginWork) -> list[Job]:
    """Return the jobs of plugins as the scheduler runs them."""
    return [Job(job.name, job.every, job.run) for job in work.jobs()]
