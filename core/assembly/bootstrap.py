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
from core.assembly.curation import open_curation, open_promotion
from core.assembly.dashboard import open_dashboard
from core.assembly.exporter import discord_rules_of
from core.assembly.library import open_library
from core.assembly.listening import open_listening
from core.assembly.metrics import open_figures
from core.assembly.model_set import open_model_set
from core.assembly.person_key import open_pseudonyms, require_same_key
from core.assembly.plugins import open_plugins, scheduled, tell_rating
from core.assembly.privacy import open_retention, open_rights
from core.assembly.providers import open_providers
from core.assembly.storage_quota import message_rates, private_teaching_of
from core.assembly.stores import Stores
from core.assembly.webhooks import open_webhooks
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
from core.dispatch import Dispatch
from core.extensions.plugin_writers import PluginWriters
from core.extensions.service import PluginService
from core.feedback import Feedback
from core.generation.answer_cache import AnswerCache
from core.generation.answer_policy import AnswerPolicies
from core.generation.providers.status import ProviderStatusService
from core.generation.writer import Writers
from core.handoffs import HandoffService
from core.jobs.regular import regular_jobs
from core.jobs.scheduler import Scheduler
from core.knowledge.command_service import DocumentService
from core.knowledge.quiz import QuizService
from core.knowledge.reembed import Reembedding
from core.knowledge.review import ReviewService
from core.message_processor import LocalProcessor
from core.models.catalog import Tell
from core.models.registry import LoraRegistry
from core.ops.alerts import ModeratorAlerts, OperatorAlerts
from core.ops.answer_metrics import AnswerMetrics
from core.ops.community_stats import StatsService
from core.ops.digest import WeeklyDigest
from core.ops.measured_answers import MeasuredAnswers
from core.ops.quality_log import QualityLog
from core.ops.remote_workers import open_workers
from core.ops.worker_status import WorkerStatusList
from core.pipeline import Pipeline
from core.ports import Embedder, Gate, LocalModel, MessageProcessor, Reader
from core.programs.service import ProgramService
from core.question_answering import QuestionAnswering
from core.service_binding import Services
from core.settings import Settings
from core.storage.database import Database
from core.summaries.service import SummaryService
from core.training.retest import learning_report
from core.voice_messages import VoiceMessages


@asynccontextmanager
async def assemble(
    settings: Settings,
    registry: Registry,
    tell: Tell = lambda line: None,
    *,
    embedder: Embedder | None = None,
    second: Embedder | None = None,
    local: LocalModel | None = None,
    gate: Gate | None = None,
    reader: Reader | None = None,
    processor: MessageProcessor | None = None,
) -> AsyncIterator[Aion]:
    """Open the data folder and put AION together; everything is closed again at the end of the block.

    Messages are answered by ``processor``, where one is given, in place of this process. Beside an ``embedder`` that
    is given, only the ``second`` one that is given is used.

    Raises ``Unavailable`` when the data folder cannot be used.
    """
    async with AsyncExitStack() as stack:
        # The data folder.
        opening = await Database.open(settings.data_dir, settings.database_address)
        stores = Stores(database := await stack.enter_async_context(opening))
        stack.push_async_callback(stores.inbox.settle)
        pseudonyms = await open_pseudonyms(settings)
        if settings.database_address:
            await require_same_key(database, pseudonyms)
        versions = LoraRegistry(settings.data_dir / "loras")

        # The models, and what they search and index.
        opening_models = open_model_set(
            settings,
            stores.vectors,
            versions,
            tell,
            embedder=embedder,
            second=second,
            local=local,
            gate=gate,
            reader=reader,
        )
        models = await stack.enter_async_context(opening_models)
        embedders = models.embedders

        # The chat: channels, what is said unasked.
        channels, audiences = Channels(stores.spaces), Audiences(stores.spaces)
        notices = Notices(stores.inbox, channels, stores.spaces, settings.language, audiences)

        # Plugins, and what is searched and indexed.
        opening_plugins = open_plugins(settings.data_dir, stores, registry, notices)
        plugins, work = await stack.enter_async_context(opening_plugins)
        library = await stack.enter_async_context(open_library(settings, stores, embedders, tell, work))
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
            models.local,
            access.router,
            embedders,
            settings.outside_knowledge,
            workers.online,
            stores.passages.neighbours,
            discord_rules.refuses_training_plans,
            settings.writer,
            policies.of,
            plugins=PluginWriters(plugins).of,
            second=embedders.second,
        )
        cache = AnswerCache(stores.cached_answers, stores.passages, models.version)

        # Learning: from the web, from the chat, from ratings.
        reviews = ReviewService(stores.proposals, stores.documents, library.ingest, notices, pseudonyms)
        curation = open_curation(settings, stores, library, reviews, notices, embedders, work)
        sayings = ChatTeachingService(stores.consents, reviews, notices, pseudonyms, stores.chat_lessons)
        heard = open_listening(stores, reviews, notices, pseudonyms, settings.max_file_bytes)
        listening = await stack.enter_async_context(heard)
        promotion = open_promotion(settings, stores, versions)

        webhooks = open_webhooks(settings, stores.webhooks, notices, utc_now)
        limits = MessageLimits(rates := message_rates(settings), time.monotonic)
        notes = open_conflicts(stores, notices, pseudonyms, library.indexes)
        services = Services(
            documents=DocumentService(library.ingest, stores.documents, stores.passages, library.quota),
            reviews=reviews,
            learning=LearningService(
                curation.curator,
                curation.finder,
                curation.watcher,
                sayings,
                stores.spaces,
                pseudonyms,
                library.quota,
            ),
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
            rights=open_rights(settings, stores, library, pseudonyms, listening.keeper),
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
            webhooks=webhooks.service,
            summaries=SummaryService(
                stores.channel_watches, embedders, writers, pseudonyms, stores.rate_buckets, utc_now
            ),
        )
        talk = TalkReplies(stores.documents, policies.name)
        pipeline = Pipeline(
            talk, conversations, library.searcher, models.gate, writers, cache, answers, models.reader, notes
        )
        questions = QuestionAnswering(pipeline, settings.language, plugins)
        voices = VoiceMessages(access.transcriber, discord_rules.refuses_training_plans)
        local_processor = LocalProcessor(registry, questions, services, voices)
        dispatch = Dispatch(
            registry=registry,
            processor=processor or local_processor,
            services=services,
            listener=listening.listener,
            channels=channels,
            audiences=audiences,
            limits=limits,
            private_teaching=private_teaching_of(settings),
            inbox=stores.inbox,
            default_language=settings.language,
            spoken_language=stores.spaces.language,
        )
        quality = QualityLog(stores.impressions, stores.quality_days, utc_now)
        alarm = OperatorAlerts(stores.last_alerts, notices, settings.alerts_space, stores.webhooks)
        backups = open_schedule(settings, alarm)
        jobs = regular_jobs(
            stores.inbox,
            stores.turns,
            quality,
            curation.finder,
            curation.watcher,
            stores.job_runs,
            promotion,
            open_retention(settings, stores),
            backups,
            listening.channels,
            WeeklyDigest(stores.spaces, stats, stores.documents, stores.gaps, notices, utc_now, audiences),
            notes.search,
            database,
            stores.rate_buckets,
        )
        yield Aion(
            settings=settings,
            dispatch=dispatch,
            processor=local_processor,
            services=services,
            ingest=library.ingest,
            scheduler=Scheduler(stores.job_runs, jobs, more=partial(scheduled, work)),
            secrets=access.secrets,
            local=models.local,
            reembedding=Reembedding(stores.vectors, stores.second_vectors, embedders, library.indexes),
            programs=ProgramService(stores.programs, questions, curation.finder, rates, stores.rate_buckets),
            webhooks=webhooks.sender,
            metrics=metrics,
            figures=open_figures(settings, stores, services.providers, quality, backups),
            _stores=stores,
            _searcher=library.searcher,
            _embedder=embedders,
            _reader=models.reader,
        )


def utc_now() -> datetime:
    """Return the time now, aware, in UTC."""
    return datetime.now(UTC)
