"""The services that commands may use, as Protocols; each is bound to the space and the person of one message.

A plugin reaches them through ``core.commands.Context.services``.
"""

from __future__ import annotations

from core.services.answers import AnswersPort, LearningReport
from core.services.channels import ChannelsPort
from core.services.chat_teaching import ChatTeachingPort, TeachingOutcome
from core.services.conflicts import ConflictPage, ConflictsPort, ConflictVerdict
from core.services.conversation import ChannelMode, ConversationPort
from core.services.dashboard import DashboardPort
from core.services.documents import DocumentsPort
from core.services.handoffs import HandoffQuestion, HandoffReply, HandoffsPort
from core.services.history_import import HistoryImportPort, ImportReport, LessonOutcome, LessonSample
from core.services.learning import Finding, FindingsListener, GapsPort, LearningPort, WatchesPort
from core.services.plugins import PluginCard, PluginsPort, PluginState
from core.services.providers import Allowance, PlanTraining, ProvidersPort, ProviderStatus
from core.services.quiz import QuizPort, QuizQuestion, QuizVerdict
from core.services.review import ReviewPolicy, ReviewPort, Verdict
from core.services.rights import RightsPort
from core.services.settings import SettingsPort, SettingValue
from core.services.space_services import SpaceServices
from core.services.stats import CommunityStats, DayFigures, StatsPort
from core.services.summary import ChannelSummary, SummaryPart, SummaryPoint, SummaryPort
from core.services.trust import RepliesPort, TaughtReply, TrustedCircle, TrustedPerson, TrustPort
from core.services.webhooks import NewWebhook, WebhookCard, WebhooksPort, WebhookState

__all__ = [
    "Allowance",
    "AnswersPort",
    "ChannelMode",
    "ChannelSummary",
    "ChannelsPort",
    "ChatTeachingPort",
    "CommunityStats",
    "ConflictPage",
    "ConflictVerdict",
    "ConflictsPort",
    "ConversationPort",
    "DashboardPort",
    "DayFigures",
    "DocumentsPort",
    "Finding",
    "FindingsListener",
    "GapsPort",
    "HandoffQuestion",
    "HandoffReply",
    "HandoffsPort",
    "HistoryImportPort",
    "ImportReport",
    "LearningPort",
    "LearningReport",
    "LessonOutcome",
    "LessonSample",
    "NewWebhook",
    "PlanTraining",
    "PluginCard",
    "PluginState",
    "PluginsPort",
    "ProviderStatus",
    "ProvidersPort",
    "QuizPort",
    "QuizQuestion",
    "QuizVerdict",
    "RepliesPort",
    "ReviewPolicy",
    "ReviewPort",
    "RightsPort",
    "SettingValue",
    "SettingsPort",
    "SpaceServices",
    "StatsPort",
    "SummaryPart",
    "SummaryPoint",
    "SummaryPort",
    "TaughtReply",
    "TeachingOutcome",
    "TrustPort",
    "TrustedCircle",
    "TrustedPerson",
    "Verdict",
    "WatchesPort",
    "WebhookCard",
    "WebhookState",
    "WebhooksPort",
]
