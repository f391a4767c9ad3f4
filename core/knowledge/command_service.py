"""The documents of a space as commands see them (``core.services.DocumentsPort``)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.errors import BadInput
from core.knowledge.ingest import Ingest
from core.knowledge.knowledge_map import KnowledgeMap, map_knowledge
from core.knowledge.map_image import as_png
from core.knowledge.storage_quota import StorageQuota
from core.offload import offload
from core.storage.documents import Documents
from core.storage.passages import Passages
from core.types import Attachment, Document, File, IndexedDocument, SpaceId, StorageUsage


@dataclass(frozen=True, slots=True)
class SpaceDocuments:
    """The documents of one space (``core.services.DocumentsPort``)."""

    space: SpaceId
    _ingest: Ingest
    _documents: Documents
    _passages: Passages
    _quota: StorageQuota

    async def usage(self) -> StorageUsage:
        """Return what the space holds, with its limit."""
        return await self._quota.usage(self.space)

    async def index_attachment(self, attachment: Attachment) -> IndexedDocument:
        """Store one file's text. Raises ``BadInput`` when it is too large or no text can be read from it."""
        return await self._ingest.index_attachment(self.space, attachment)

    async def index_page(self, url: str) -> IndexedDocument:
        """Fetch one web page and store its text. Raises ``BadInput`` when it cannot be had."""
        return await self._ingest.index_page(self.space, url)

    async def documents(self) -> tuple[Document, ...]:
        """List the space's own documents, by title."""
        return await self._documents.list(self.space)

    async def forget(self, name: str) -> Document:
        """Delete the document of that name, title or ``#id`` and return it. Raises ``BadInput`` when there is none."""
        return await self._documents.forget(self.space, name)

    async def retitle(self, document_id: int, title: str) -> int:
        """Cut and embed a document's text again under a title; return how many passages it has.

        Raises ``BadInput`` when the space has no document of that id.
        """
        stored = await self._documents.stored(self.space, document_id)
        if stored is not None:
            embedded = await self._ingest.embed(self.space, replace(stored, title=title))
            if await self._documents.rewrite(self.space, document_id, title, embedded):
                return len(embedded.chunks)
        raise BadInput("knowledge.no_document", reference=f"#{document_id}")

    async def map(self, heading: str) -> File:
        """Return the knowledge map as a PNG under ``heading``. Raises ``BadInput`` when the space has no passages."""
        return File("aion-map.png", await offload(as_png, await self.knowledge_map(), heading))

    async def knowledge_map(self) -> KnowledgeMap:
        """Return the knowledge map. Raises ``BadInput`` when the space has no passages."""
        return await map_knowledge(self._passages, self.space)


@dataclass(frozen=True, slots=True)
class DocumentService:
    """Makes the ``SpaceDocuments`` of any space."""

    ingest: Ingest
    documents: Documents
    passages: Passages
    quota: StorageQuota

    def of(self, space: SpaceId) -> SpaceDocuments:
        """Return the documents of one space."""
        return SpaceDocuments(space, self.ingest, self.documents, self.passages, self.quota)
