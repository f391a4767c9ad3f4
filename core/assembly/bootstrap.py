"""The composition root: the one place where the parts of AION are put together.

Any model can be handed in instead (tests do); those that are not are made from the settings. Nothing heavy is loaded
here: models load when first used, or in the background by ``core.assembly.aion.Aion.warm``.
"""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial

from core.assembly.aion import Aion
from core.assembly.backups import open_schedule
from core.assembly.conflicts import open_conflicts
from core.assembly.dashboard import open_dashboard
from core.assembly.exporter import discord_rules_of, open_exports
from core.assembly.listening import open_listening
from core.assembly.metrics import open_figures
from core.assembly.models import open_local, open_migrating_gate, open_set_reader, tuned_fusion
from core.assembly.plugins import open_plugins, tell_rating
from core.assembly.providers import open_providers
from core.assembly.storage_quota import message_rates, open_quota, private_teaching_of
from core.assembly.stores import Stores
from core.chat.audiences import Audiences
from core.chat.channels import Channels
from core.chat.conversation import Conversations
from core.chat.notices import Notices
from core.chat.rate_limits import MessageLimits
from core.chat.settings_service import SettingsService
from core.chat.talk_reply import TalkReplies
from core.commands import Registry
from core.curation.chat_teaching import ChatTeachingService
from core.curation.command_service import LearningService
from core.curation.curator import Curator
from core.curation.fetch import Fetcher
from core.curation.gaps import GapFinder
from core.curation.git_checkout import GitCheckouts
from core.curation.missing_pages import MissingPages
from core.curation.robots_fetch import PoliteFetcher
from core.curation.watch import Watcher
from core.curation.websearch import open_search
from core.dispatch import Dispatch
from core.extensions.service import PluginService
from core.feedback import Feedback
from core.generation.answer_cache import AnswerCache, written_by
from core.generation.answer_policy import AnswerPolicies
from core.generation.local.lora_follower import following
from core.generation.providers.status import ProviderStatusService
from core.generation.writer import Writers
from core.handoffs import HandoffService
from core.jobs.regular import regular_jobs
from core.jobs.scheduler import Scheduler
from core.knowledge.command_service import DocumentService
from core.knowledge.ingest import Ingest
from core.knowledge.parsing.sandboxed_parser import SandboxedParser, open_pool
from core.knowledge.quiz import QuizService
from core.knowledge.reembed import Reembedding, open_migration
from core.knowledge.review import ReviewService
from core.models.catalog import Tell, language_model_base
from core.models.registry import LoraRegistry
from core.offload import offload
from core.ops.alerts import ModeratorAlerts, OperatorAlerts
from core.ops.answer_metrics import AnswerMetrics
from core.ops.community_stats import StatsService
from core.ops.digest import WeeklyDigest
from core.ops.measured_answers import MeasuredAnswers
from core.ops.quality_log import QualityLog
from core.ops.remote_workers import open_workers
from core.ops.worker_status import WorkerStatusList
from core.pipeline import Pipeline
from core.ports import Embedder, Gate, LocalModel, Reader
from core.privacy.data_rights import DataRights
from core.privacy.pseudonyms import Pseudonyms
from core.privacy.retention import Retention
from core.programs.service import ProgramService
from core.question_answering import QuestionAnswering
from core.retrieval.embed import open_embedder
from core.retrieval.embedder_migration import MigratingSearcher
from core.retrieval.rerank import with_reranker
from core.service_binding import Services
from core.services.setting_schema import RETENTION
from core.settings import Settings
from core.storage.database import Database
from core.training.auto_promotion import AutoPromotion
from core.training.retest import learning_report
from core.voice_messages import VoiceMessages


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
        # The data folder.
        opening = await Database.open(settings.data_dir, settings.database_address)
        stores = Stores(database := await stack.enter_async_context(opening))
        pseudonyms = await offload(Pseudonyms.open, settings.data_dir)
        versions = LoraRegistry(settings.data_dir / "loras")
        exports = open_exports(settings.data_dir)

        # The models: embedder, local language model, reader, gate.
        open_by_name = partial(open_embedder, models_dir=settings.models_dir, tell=tell)
        embedder = embedder or open_by_name(settings.embedder)
        embedders = await open_migration(stores.vectors, embedder, settings.embedder, open_by_name)
        if local is None:
            local = opened = open_local(settings, tell)
            stack.push_async_callback(opened.close)
            await stack.enter_async_context(following(opened, versions))
        reader = reader or open_set_reader(settings, embedder.id, tell)
        gate = gate or open_migrating_gate(settings, embedders, reader)

        # Search and indexing.
        indexes = MigratingSearcher(embedders, stores.passages, settings.indexes_dir, tuned_fusion(settings))
        stack.push_async_callback(indexes.close)
        searcher = with_reranker(indexes, settings.reranker, tell)
        pages = PoliteFetcher(Fetcher(settings.fetch_allowed_hosts))
        sandboxes = open_pool()
        stack.push_async_callback(sandboxes.aclose)
        quota = open_quota(settings, stores.documents, stores.reading_log)
        ingest = Ingest(
            stores.documents,
            embedders,
            pages,
            SandboxedParser(sandboxes, stores.unreadable),
            max_file_bytes=settings.max_file_bytes,
            language=settings.language,
            quota=quota,
        )

        # The chat: channels, what is said unasked, conversations.
        channels, audiences = Channels(stores.spaces), Audiences(stores.spaces)
        notices = Notices(stores.inbox, channels, stores.spaces, settings.language, audiences)
        conversations = Conversations(stores.turns, channels, pseudonyms, utc_now)

        # Whoever writes answers: workers, the local model, providers.
        access = await stack.enter_async_context(open_providers(settings, stores.quotas))
        alerts = ModeratorAlerts(stores.last_alerts, notices, channels, settings.alerts_space)
        workers = await stack.enter_async_context(open_workers(settings.workers, settings.worker_token, alerts))
        discord_rules = discord_rules_of(settings)
        policies = AnswerPolicies(stores.spaces)
        metrics = AnswerMetrics([provider.name for provider in access.providers])
        answers = MeasuredAnswers(database, metrics)
        writers = Writers(
            local,
            access.router,
            embedders,
            settings.outside_knowledge,
            workers.online,
            stores.passages.neighbours,
            discord_rules.refuses_training_plans,
            settings.writer,
            policies.of,
        )
        cache = AnswerCache(stores.cached_answers, stores.passages, lambda: f"{embedders.id} {written_by(gate, local)}")

        # Learning: from the web, from the chat, from ratings.
        reviews = ReviewService(stores.proposals, stores.documents, ingest, notices, pseudonyms)
        curator = Curator(
            open_search(settings.searxng_url), pages, ingest, reviews, stores.documents, stores.reading_log
        )
        missing, checkouts = MissingPages(stores.watches, notices), GitCheckouts(settings.data_dir / "sources")
        watcher = Watcher(stores.watches, pages, curator, ingest, stores.spaces, missing, checkouts)
        finder = GapFinder(stores.gaps, embedders, curator, curator.readings, stores.spaces)
        sayings = ChatTeachingService(stores.consents, reviews, notices, pseudonyms, stores.chat_lessons)
        heard = open_listening(stores, reviews, notices, pseudonyms, settings.max_file_bytes)
        listening = await stack.enter_async_context(heard)
        promotion = AutoPromotion(
            stores.rated_answers,
            versions,
            partial(language_model_base, settings.local_model),
            settings.data_dir / "training",
            settings.train_after_ratings,
        )

        plugins = await stack.enter_async_context(open_plugins(settings.data_dir, stores, registry))
        notes = open_conflicts(stores, notices, pseudonyms, indexes)
        erasers = {"exports": exports.erase}
        services = Services(
            documents=DocumentService(ingest, stores.documents, stores.passages, quota),
            reviews=reviews,
            learning=LearningService(curator, finder, watcher, sayings, stores.spaces, pseudonyms, quota),
            conversations=conversations,
            feedback=Feedback(
                answers,
                stores.passages,
                stores.impressions,
                pseudonyms,
                partial(learning_report, versions, pseudonyms),
                partial(tell_rating, plugins),
            ),
            handoffs=HandoffService(
                stores.handoffs, stores.answers, stores.passages, channels, notices, reviews, pseudonyms
            ),
            rights=DataRights(
                stores.people,
                stores.documents,
                stores.spaces,
                stores.inbox,
                pseudonyms,
                indexes.drop,
                erasers,
                discord_rules.withholds_messages,
                listening.keeper.erase,
            ),
            imports=listening.imports,
            providers=ProviderStatusService(
                access.providers,
                access.router.routes,
                access.ledger,
                WorkerStatusList(settings.workers, stores.last_alerts),
                discord_rules,
            ),
            settings=SettingsService(stores.spaces),
            stats=(stats := StatsService(stores.impressions, utc_now)),
            quiz=QuizService(stores.documents, random.Random()),
            dashboard=open_dashboard(database, pseudonyms, settings.dashboard_address),
            plugins=PluginService(plugins),
            conflicts=notes.search.service,
            trust=listening.trust,
            replies=listening.replies,
            channels=listening.channels,
        )
        talk = TalkReplies(stores.documents, policies.name)
        pipeline = Pipeline(talk, conversations, searcher, gate, writers, cache, answers, reader, notes)
        questions = QuestionAnswering(pipeline, settings.language, plugins)
        limits = MessageLimits(message_rates(settings), time.monotonic)
        dispatch = Dispatch(
            registry=registry,
            questions=questions,
            services=services,
            listener=listening.listener,
            channels=channels,
            audiences=audiences,
            limits=limits,
            private_teaching=private_teaching_of(settings),
            voices=VoiceMessages(access.transcriber, discord_rules.refuses_training_plans),
            inbox=stores.inbox,
            default_language=settings.language,
            spoken_language=stores.spaces.language,
        )
        quality = QualityLog(stores.impressions, stores.quality_days, utc_now)
        backups = open_schedule(settings, OperatorAlerts(stores.last_alerts, notices, settings.alerts_space))
        jobs = regular_jobs(
            stores.inbox,
            stores.turns,
            quality,
            finder,
            watcher,
            stores.job_runs,
            promotion,
            Retention(
                stores.people,
                erasers,
                settings.keep_answers_days,
                utc_now,
                partial(stores.spaces.values, RETENTION),
            ),
            backups,
            listening.channels,
            WeeklyDigest(stores.spaces, stats, stores.documents, stores.gaps, notices, utc_now, audiences),
            notes.search,
            database,
        )
        yield Aion(
            settings=settings,
            dispatch=dispatch,
            services=services,
            ingest=ingest,
            scheduler=Scheduler(stores.job_runs, stores.leases, jobs),
            secrets=access.secrets,
            local=local,
            reembedding=Reembedding(stores.vectors, embedders, indexes),
            programs=ProgramService(stores.programs, questions, finder, limits),
            metrics=metrics,
            figures=open_figures(settings, stores, services.providers, quality, backups),
            _stores=stores,
            _searcher=searcher,
            _embedder=embedders,
            _reader=reader,
        )


def utc_now() -> datetime:
    """Return the time now, aware, in UTC."""
    return datetime.now(UTC)
