"""A running core."""

from __future__ import annotations

from dataclasses import dataclass

from core.assembly.stores import Stores
from core.chat.talk_reply import read_talk
from core.dispatch import Dispatch
from core.jobs.scheduler import Scheduler
from core.knowledge.ingest import Ingest
from core.knowledge.reembed import Reembedding
from core.language import detect_language
from core.message_processor import LocalProcessor
from core.offload import offload
from core.ops.answer_metrics import AnswerMetrics
from core.ops.figures import FiguresReader
from core.ports import Embedder, LocalModel, Reader, Searcher
from core.programs.service import ProgramService
from core.question_answering import QuestionAnswering
from core.service_binding import Services
from core.settings import Settings
from core.storage.documents import Documents
from core.types import Scope, SpaceId
from core.webhooks.sender import WebhookSender


@dataclass(frozen=True, slots=True)
class Aion:
    """A running core, made by ``core.assembly.bootstrap.assemble``.

    ``dispatch`` takes what people send; ``processor`` answers it here, whoever dispatched it. ``secrets``: keys that
    logs must mask.
    """

    settings: Settings
    dispatch: Dispatch
    processor: LocalProcessor
    services: Services
    ingest: Ingest
    scheduler: Scheduler
    secrets: tuple[str, ...]
    local: LocalModel
    reembedding: Reembedding
    programs: ProgramService
    webhooks: WebhookSender
    metrics: AnswerMetrics
    figures: FiguresReader
    _stores: Stores
    _searcher: Searcher
    _embedder: Embedder
    _reader: Reader | None

    @property
    def stores(self) -> Stores:
        """Return the stores, for those who read in the name of a moderator or the operator."""
        return self._stores

    @property
    def questions(self) -> QuestionAnswering:
        """Return what answers questions in this process."""
        return self.processor.questions

    @property
    def documents(self) -> Documents:
        """Return the documents of every space."""
        return self._stores.documents

    async def ready(self, space: SpaceId) -> None:
        """Open what a question in ``space`` reads and writes, so that the first one is as quick as the others."""
        language = await offload(detect_language, "ready")
        await self._searcher.search(Scope(space), "ready", language)
        await self._stores.spaces.change_settings(space, lambda settings: settings)

    async def warm(self) -> None:
        """Load the models, so that the first question does not wait for them; not a local one that is never asked."""
        await offload(detect_language, "warm")
        await offload(read_talk, "warm")
        await offload(self._embedder.warm)
        if self._reader is not None:
            await offload(self._reader.warm)
        if self.local.languages:
            await offload(self.local.warm)

    async def require_writable(self) -> None:
        """Raise ``Unavailable`` when the database cannot be written."""
        await self._stores.database.require_writable()

    async def count_backlog(self) -> int:
        """Return how many messages are accepted and not yet closed."""
        return await self._stores.inbox.count_open()

    async def count_documents(self, space: SpaceId) -> int:
        """Return how many documents a question asked in ``space`` may be answered from."""
        return sum([len(await self.documents.list(readable)) for readable in Scope(space).readable])
