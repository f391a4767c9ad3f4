"""The port between indexing and the readers of file kinds that plugins bring."""

from __future__ import annotations

from typing import Protocol

from core.types import SpaceId


class FileReaders(Protocol):
    """Reads files of kinds that a space's plugins know (``core.extensions.plugin_work.PluginWork``)."""

    async def takes(self, space: SpaceId, name: str) -> bool:
        """Return whether files named so are read."""
        ...

    async def extract(self, space: SpaceId, name: str, data: bytes) -> str | None:
        """Return a file's text as Markdown; ``None`` where its kind is not read. Raises ``BadInput`` on a failure."""
        ...
