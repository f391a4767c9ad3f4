"""The composition root: the one place where the parts of AION are put together.

Every part can be handed in instead (tests do); what is not is made from the settings. Nothing heavy is loaded here:
models load when first used, or in the background by ``Aion.warm``.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import httpx
from pydantic import SecretStr

from core.assembly.data_folder import provider_keys
from core.assembly.exporter import open_exports
from core.chat.channels import Channels
from core.chat.conversation import Conversations
from core.chat.notices import Notices
from core.chat.rate_limits import MessageLimits, Rate, Rates
from core.commands import Registry
from core.confidence.gate import open_gate
from core.confidence.gate_versions import TunedGates
from core.confidence.reader_gate import with_reader
from core.curation.chat_teaching import ChatTeachingService
from core.curation.command_service import LearningService
from core.curation.curator import Curator
from core.curation.fetch import Fetcher
from core.curation.gaps import GapFinder
from core.curation.robots import PoliteFetcher
from core.curation.watch import Watcher
from core.curation.websearch import open_search
from core.dispatch import Dispatch
from core.feedback import Feedback
from core.generation.answer_cache import AnswerCache, written_by
from core.generation.grounding.reader import open_reader
from core.generation.local.factory import open_generator, open_served
from core.generation.local.generator import LocalGenerator
from core.generation.local.lora_follower import following
from core.generation.providers.catalogue import Provider, read_providers
from core.generation.providers.ledger import Ledger
from core.generation.providers.router import Router, open_router
from core.generation.providers.status import ProviderStatusService
from core.generation.writer import Writers
from core.handoffs import HandoffService
from core.jobs.regular import regular_jobs
from core.jobs.scheduler import Scheduler
from core.knowledge.command_service import DocumentService
from core.knowledge.ingest import Ingest
from core.knowledge.reembed import Reembedding, open_succession
from core.knowledge.review import ReviewService
from core.language import detect_language
from core.models.catalog import Tell, language_model_base
from core.models.registry import LoraRegistry
from core.offload import offload
from core.ops.alerts import ModeratorAlerts
from core.ops.quality_log import QualityLog
from core.ops.remote_workers import open_workers
from core.ops.worker_status import WorkerStatusList
from core.pipeline import Pipeline
from core.ports import Embedder, Gate, LocalModel, Reader, Searcher
from core.privacy.data_rights import DataRights
from core.privacy.pseudonyms import Pseudonyms
from core.privacy.retention import Retention
from core.question_answering import QuestionAnswering
from core.retrieval.embed import open_embedder
from core.retrieval.embedder_migration import EmbedderMigration, MigratingGate, MigratingSearcher
from core.retrieval.rerank import with_reranker
from core.service_binding import Services
from core.settings import Settings
from core.storage.alerts import LastAlerts
from core.storage.answers import Answers
from core.storage.cached_answers import CachedAnswers
from core.storage.curation.consents import PendingTeachings
from core.storage.curation.gaps import Gaps
from core.storage.curation.proposals import Proposals
from core.storage.curation.reading_log import ReadingLog
from core.storage.curation.watches import Watches
from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.handoffs import Handoffs
from core.storage.impressions import Impressions
from core.storage.inbox import Inbox
from core.storage.job_runs import JobRuns
from core.storage.leases import Leases
from core.storage.passages import Passages
from core.storage.people import PersonRecords
from core.storage.quotas import Quotas
from core.storage.spaces import Spaces
from core.storage.training_ratings import RatedAnswers
from core.storage.turns import Turns
from core.storage.vectors import Vectors
from core.training.auto_promotion import AutoPromotion
from core.training.retest import learned
from core.types import SpaceId, readable_spaces


@dataclass(frozen=True, slots=True)
class Aion:
    """A running core. ``secrets`` are the keys in use, for the log to mask."""

    settings: Settings
    dispatch: Dispatch
    services: Services
    documents: Documents
    ingest: Ingest
    scheduler: Scheduler
    secrets: tuple[str, ...]
    local: LocalModel
    reembedding: Reembedding
    _spaces: Spaces
    _searcher: Searcher
    _embedder: Embedder
    _reader: Reader | None
    _database: Database
    _inbox: Inbox

    async def ready(self, space: SpaceId) -> None:
        """Open what a question in ``space`` reads and writes, so that the first one is as quick as the others."""
        language = await offload(detect_language, "ready")
        await self._searcher.search(space, "ready", language)
        await self._spaces.change_settings(space, lambda settings: settings)

    async def warm(self) -> None:
        """Load the models, so that the first question does not wait for them."""
        await offload(detect_language, "warm")
        await offload(self._embedder.warm)
        if self._reader is not None:
            await offload(self._reader.warm)
        await offload(self.local.warm)

    async def require_writable(self) -> None:
        """Raise ``Unavailable`` when the database cannot be written."""
        await self._database.require_writable()

    async def count_backlog(self) -> int:
        """Return how many messages are taken on and not yet dealt with."""
        return await self._inbox.count_open()

    async def count_documents(self, space: SpaceId) -> int:
        """Return how many documents a question asked in ``space`` may be answered from."""
        return sum([len(await self.documents.list(readable)) for readable in readable_spaces(space)])


def open_local(settings: Settings, tell: Tell) -> LocalGenerator:
    """Return the local model that is set: a server's, or one that is run here. Raises ``Unavailable``."""
    if settings.local_url:
        return open_served(settings.local_url, settings.local_model, settings.local_api_key)
    return open_generator(settings.local_model, settings.models_dir, tell)


@asynccontextmanager
async def assemble(
    settings: Settings,
    registry: Registry,
    tell: Tell = lambda line: None,
    *,
    embedder: Embedder | None = None,
    local: LocalModel | None = None,
    gate: Gate | None = None,
    reader: Reader | None = None,
) -> AsyncIterator[Aion]:
    """Open the data folder and put AION together; everything is closed again at the end of the block.

    Raises ``Unavailable`` when the data folder cannot be used.
    """
    async with AsyncExitStack() as stack:
        database = await Database.open(settings.data_dir)
        stack.push_async_callback(database.close)
        open_by_name = partial(open_embedder, models_dir=settings.models_dir, tell=tell)
        embedder, vectors = embedder or open_by_name(settings.embedder), Vectors(database)
        succession = await open_succession(vectors, embedder, settings.embedder, open_by_name)
        if local is None:
            local = opened = open_local(settings, tell)
            stack.push_async_callback(opened.close)
            await stack.enter_async_context(following(opened, LoraRegistry(settings.data_dir / "loras")))
        reader = reader or open_reader(settings.reader, embedder.id, tell)
        gate = gate or _open_gate(settings, succession, reader)

        documents, passages, answers = Documents(database), Passages(database), Answers(database)
        inbox, runs, impressions = Inbox(database), JobRuns(database), Impressions(database)
        quality = QualityLog(impressions, lambda: datetime.now(UTC))
        pseudonyms = await offload(Pseudonyms.open, settings.data_dir)
        indexes = MigratingSearcher(succession, passages, settings.data_dir / "indexes")
        stack.push_async_callback(indexes.close)
        searcher = with_reranker(indexes, settings.reranker, tell)
        reembedding = Reembedding(vectors, succession, indexes)
        pages = PoliteFetcher(Fetcher(settings.fetch_allowed_hosts))
        ingest = Ingest(
            documents,
            succession,
            pages,
            max_file_bytes=settings.max_file_bytes,
            language=settings.language,
        )
        providers = await offload(read_providers, settings.providers_file)
        keys = provider_keys(providers)
        ledger = Ledger(Quotas(database))
        stack.push_async_callback(ledger.close)
        router = await _open_router(stack, settings, providers, keys, ledger)
        reuse = AnswerCache(CachedAnswers(database), passages, lambda: f"{succession.id} {written_by(gate, local)}")
        turns, spaces = Turns(database), Spaces(database)
        channels = Channels(spaces)
        notices = Notices(inbox, channels, spaces, settings.language)
        last_alerts = LastAlerts(database)
        alerts = ModeratorAlerts(last_alerts, notices, channels, settings.alerts_space)
        workers = await stack.enter_async_context(open_workers(settings.workers, settings.worker_token, alerts))
        writers = Writers(local, router, succession, settings.outside_knowledge, workers.there, passages.beside)
        conversations = Conversations(turns, channels, pseudonyms, lambda: datetime.now(UTC))
        reviews = ReviewService(Proposals(database), documents, ingest, notices, pseudonyms)
        curator = Curator(open_search(settings.searxng_url), pages, ingest, reviews, documents, ReadingLog(database))
        sayings = ChatTeachingService(PendingTeachings(database), reviews, notices, pseudonyms)
        watcher = Watcher(Watches(database), pages, curator, ingest, spaces, notices)
        finder = GapFinder(Gaps(database), succession, curator, curator.readings, spaces)
        versions = LoraRegistry(settings.data_dir / "loras")
        rollout = AutoPromotion(
            RatedAnswers(database),
            versions,
            partial(language_model_base, settings.local_model),
            settings.data_dir / "training",
            settings.train_after_ratings,
        )
        erasers = {"exports": open_exports(settings.data_dir).erase}
        people = PersonRecords(database)
        retention = Retention(people, erasers, settings.keep_answers_days, lambda: datetime.now(UTC))
        services = Services(
            documents=DocumentService(ingest, documents, passages),
            reviews=reviews,
            learning=LearningService(curator, finder, watcher, sayings, spaces, pseudonyms),
            conversations=conversations,
            feedback=Feedback(answers, impressions, pseudonyms, partial(learned, versions, pseudonyms)),
            handoffs=HandoffService(Handoffs(database), answers, channels, notices, reviews, pseudonyms),
            rights=DataRights(people, documents, spaces, inbox, pseudonyms, indexes.drop, erasers),
            providers=ProviderStatusService(
                providers, router.routes, ledger, WorkerStatusList(settings.workers, last_alerts)
            ),
        )
        pipeline = Pipeline(conversations, searcher, gate, writers, reuse, answers)
        dispatch = Dispatch(
            registry=registry,
            questions=QuestionAnswering(pipeline, settings.language),
            services=services,
            channels=channels,
            limits=MessageLimits(rates(settings), time.monotonic),
            inbox=inbox,
            default_language=settings.language,
        )
        yield Aion(
            settings=settings,
            dispatch=dispatch,
            services=services,
            documents=documents,
            ingest=ingest,
            scheduler=Scheduler(
                runs,
                Leases(database),
                regular_jobs(inbox, turns, quality, finder, watcher, runs, rollout, retention),
            ),
            secrets=tuple(key.get_secret_value() for several in keys.values() for key in several),
            local=local,
            reembedding=reembedding,
            _spaces=spaces,
            _searcher=searcher,
            _embedder=succession,
            _reader=reader,
            _database=database,
            _inbox=inbox,
        )


def _open_gate(settings: Settings, succession: EmbedderMigration, reader: Reader | None) -> Gate:
    tuned = TunedGates(settings.data_dir / "gate")
    latest = with_reader(
        open_gate(settings.confidence, settings.tau, tuned.current(succession.latest.id, reader.id if reader else "")),
        reader,
    )
    if not succession.is_under_way:
        return latest
    former = open_gate(settings.confidence, settings.tau, tuned.current(succession.id))
    return MigratingGate(succession, former, latest)


def rates(settings: Settings) -> Rates:
    """Return how much may be asked a minute."""
    return Rates(
        person=Rate(settings.limit_person),
        moderator=Rate(settings.limit_moderator),
        space=Rate(settings.limit_space),
        everyone=Rate(settings.limit_everyone),
        unasked=Rate(settings.limit_unasked),
    )


async def _open_router(
    stack: AsyncExitStack,
    settings: Settings,
    providers: tuple[Provider, ...],
    keys: Mapping[str, tuple[SecretStr, ...]],
    ledger: Ledger,
) -> Router:
    """Return the router over the providers; without any key no HTTP client is made."""
    if not keys:
        return Router()
    client = await stack.enter_async_context(httpx.AsyncClient(trust_env=True))
    return open_router(providers, keys, client, ledger, monthly_usd=settings.openai_monthly_usd)
