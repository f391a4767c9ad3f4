"""Every service a command may use, bound to the space and the person of one message."""

from __future__ import annotations

from dataclasses import dataclass

from core.services.answers import AnswersPort
from core.services.channels import ChannelsPort
from core.services.conflicts import ConflictsPort
from core.services.conversation import ConversationPort
from core.services.dashboard import DashboardPort
from core.services.documents import DocumentsPort
from core.services.handoffs import HandoffsPort
from core.services.history_import import HistoryImportPort
from core.services.learning import LearningPort
from core.services.plugins import PluginsPort
from core.services.providers import ProvidersPort
from core.services.quiz import QuizPort
from core.services.review import ReviewPort
from core.services.rights import RightsPort
from core.services.settings import SettingsPort
from core.services.stats import StatsPort
from core.services.summary import SummaryPort
from core.services.trust import RepliesPort, TrustPort
from core.services.webhooks import WebhooksPort


@dataclass(frozen=True, slots=True)
class SpaceServices:
    """The services bound to one message. Made by ``core.service_binding.Services.at``."""

    documents: DocumentsPort
    review: ReviewPort
    learning: LearningPort
    conversation: ConversationPort
    answers: AnswersPort
    handoffs: HandoffsPort
    rights: RightsPort
    imports: HistoryImportPort
    providers: ProvidersPort
    settings: SettingsPort
    stats: StatsPort
    quiz: QuizPort
    dashboard: DashboardPort
    plugins: PluginsPort
    conflicts: ConflictsPort
    trust: TrustPort
    replies: RepliesPort
    channels: ChannelsPort
    webhooks: WebhooksPort
    summary: SummaryPort
