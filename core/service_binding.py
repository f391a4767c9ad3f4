"""The services of every space, and the same services bound to one message."""

from __future__ import annotations

from dataclasses import dataclass

from core.chat.conversation import Conversations
from core.chat.settings_service import SettingsService
from core.conflicts.service import ConflictService
from core.curation.command_service import LearningService
from core.dashboard.sign_in_service import DashboardService
from core.extensions.service import PluginService
from core.feedback import Feedback
from core.handoffs import HandoffService
from core.importing.history_import import HistoryImport
from core.knowledge.command_service import DocumentService
from core.knowledge.quiz import QuizService
from core.knowledge.review import ReviewService
from core.listening.channel_watch import ChannelWatch
from core.listening.trust import TrustService
from core.listening.trusted_replies import TrustedReplies
from core.ops.community_stats import StatsService
from core.privacy.data_rights import DataRights
from core.services import ProvidersPort, SpaceServices
from core.summaries.service import SummaryService
from core.types import Language, Message
from core.webhooks.service import WebhookService


@dataclass(frozen=True, slots=True)
class Services:
    """Every space's services, put together by ``core.assembly.bootstrap.assemble``."""

    documents: DocumentService
    reviews: ReviewService
    learning: LearningService
    conversations: Conversations
    feedback: Feedback
    handoffs: HandoffService
    rights: DataRights
    imports: HistoryImport
    providers: ProvidersPort
    settings: SettingsService
    stats: StatsService
    quiz: QuizService
    dashboard: DashboardService
    plugins: PluginService
    conflicts: ConflictService
    trust: TrustService
    replies: TrustedReplies
    channels: ChannelWatch
    webhooks: WebhookService
    summaries: SummaryService

    def at(self, message: Message, language: Language) -> SpaceServices:
        """Return the services bound to a message's scope and sender; ``language`` is the one they are spoken to in."""
        return SpaceServices(
            documents=self.documents.of(message.scope),
            review=self.reviews.of(message),
            learning=self.learning.of(message.scope, message.person, language),
            conversation=self.conversations.of(message),
            answers=self.feedback.of(message),
            handoffs=self.handoffs.of(message),
            rights=self.rights.of(message),
            imports=self.imports.of(message, language),
            providers=self.providers,
            settings=self.settings.at(message.space, message.conversation),
            stats=self.stats.of(message.scope, language),
            quiz=self.quiz.of(message.scope),
            dashboard=self.dashboard.of(message, language),
            plugins=self.plugins.of(message.space),
            conflicts=self.conflicts.at(message.scope, message.person, language),
            trust=self.trust.of(message),
            replies=self.replies.of(message),
            channels=self.channels.of(message, language),
            webhooks=self.webhooks.of(message.space, language),
            summary=self.summaries.of(message, language),
        )
