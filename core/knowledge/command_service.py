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
from core.types import GLOBAL, Attachment, Document, File, IndexedDocument, Scope, StorageUsage


@dataclass(frozen=True, slots=True)
class SpaceDocuments:
    """The documents of one scope (``core.services.DocumentsPort``): what is taught is kept in its own space."""

    scope: Scope
    _ingest: Ingest
    _documents: Documents
    _passages: Passages
    _quota: StorageQuota

    async def usage(self) -> StorageUsage:
        """Return what may be read here, with the community's limit."""
        return await self._quota.usage(self.scope)

    async def index_attachment(self, attachment: Attachment) -> IndexedDocument:
        """Store one file's text. Raises ``BadInput`` when it is too large or no text can be read from it."""
        return await self._ingest.index_attachment(self.scope.space, attachment)

    async def index_page(self, url: str) -> IndexedDocument:
        """Fetch one web page and store its text. Raises ``BadInput`` when it cannot be had."""
        return await self._ingest.index_page(self.scope.space, url)

    async def documents(self) -> tuple[Document, ...]:
        """List the community's documents that may be read here, by title."""
        return await listed(self._documents, self.scope)

    async def count_general(self) -> int:
        """Count the operator's documents, which are read here, too; none in their own space."""
        return 0 if GLOBAL in self.scope.community else (await self._documents.size(GLOBAL))[0]

    async def forget(self, name: str) -> Document:
        """Delete the document of that name, title or ``#id`` and return it. Raises ``BadInput`` when there is none."""
        *others, last = self.scope.community
        for space in others:
            try:
                return await self._documents.forget(space, name)
            except BadInput as error:
                if error.key != "knowledge.no_document":
                    raise
        return await self._documents.forget(last, name)

    async def retitle(self, document_id: int, title: str) -> int:
        """Cut and embed a document's text again under a title; return how many passages it has.

        Raises ``BadInput`` when there is no document of that id.
        """
        for space in self.scope.community:
            if (stored := await self._documents.stored(space, document_id)) is not None:
                embedded = await self._ingest.embed(space, replace(stored, title=title))
                if await self._documents.rewrite(space, document_id, title, embedded):
                    return len(embedded.chunks)
        raise BadInput("knowledge.no_document", reference=f"#{document_id}")

    async def map(self, heading: str) -> File:
        """Return the knowledge map as a PNG under ``heading``. Raises ``BadInput`` when there are no passages."""
        return File("aion-map.png", await offload(as_png, await self.knowledge_map(), heading))

    async def knowledge_map(self) -> KnowledgeMap:
        """Return the knowledge map. Raises ``BadInput`` when there are no passages."""
        return await map_knowledge(self._passages, self.scope)


@dataclass(frozen=True, slots=True)
class DocumentService:
    """Makes the ``SpaceDocuments`` of any scope."""

    ingest: Ingest
    documents: Documents
    passages: Passages
    quota: StorageQuota

    def of(self, scope: Scope) -> SpaceDocuments:
        """Return the documents of one scope."""
        return SpaceDocuments(scope, self.ingest, self.documents, self.passages, self.quota)


async def listed(documents: Documents, scope: Scope) -> tuple[Document, ...]:
    """Return the community's documents that may be read in ``scope``, by title."""
    found = [each for space in scope.community for each in await documents.list(space)]
    return tuple(sorted(found, key=lambda each: (each.title.lower(), each.id)))
