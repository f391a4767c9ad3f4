"""The documents of a space, as commands use them."""

from __future__ import annotations

from typing import Protocol

from core.types import Attachment, Document, File, IndexedDocument, StorageUsage


class DocumentsPort(Protocol):
    """The documents of a space. Bound to the space of the message."""

    async def index_attachment(self, attachment: Attachment) -> IndexedDocument:
        """Store one file's text. Raises ``BadInput`` when it is too large or no text can be read from it."""
        ...

    async def index_page(self, url: str) -> IndexedDocument:
        """Fetch one web page and store its text. Raises ``BadInput`` when it cannot be had."""
        ...

    async def documents(self) -> tuple[Document, ...]:
        """List the space's own documents, by title."""
        ...

    async def count_general(self) -> int:
        """Count the operator's documents, which are read here, too."""
        ...

    async def usage(self) -> StorageUsage:
        """Return what the space holds, with its limit."""
        ...

    async def forget(self, name: str) -> Document:
        """Remove the document of that name, title or number. Raises ``BadInput`` when there is none."""
        ...

    async def map(self, heading: str) -> File:
        """Draw what may be answered from here, in three dimensions. Raises ``BadInput`` when there is nothing yet."""
        ...
