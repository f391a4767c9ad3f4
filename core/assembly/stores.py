"""The stores of one database, each made once."""

from __future__ import annotations

from core.programs.registry import Programs
from core.storage.alerts import LastAlerts
from core.storage.answers import Answers
from core.storage.cached_answers import CachedAnswers
from core.storage.curation.channel_watches import ChannelWatches
from core.storage.curation.chat_lessons import ChatLessons
from core.storage.curation.conflicts import Conflicts
from core.storage.curation.consents import Consents
from core.storage.curation.gaps import Gaps
from core.storage.curation.proposals import Proposals
from core.storage.curation.reading_log import ReadingLog
from core.storage.curation.recent_votes import RecentVotes
from core.storage.curation.trusted_people import TrustedPeople
from core.storage.curation.watches import Watches
from core.storage.database import Database
from core.storage.delivery.handoffs import Handoffs
from core.storage.delivery.inbox import Inbox
from core.storage.delivery.leases import Leases
from core.storage.delivery.rate_buckets import RateBuckets
from core.storage.delivery.webhooks import Webhooks
from core.storage.documents import Documents
from core.storage.embeddings.second_vectors import SecondVectors
from core.storage.embeddings.vectors import Vectors
from core.storage.impressions import Impressions
from core.storage.job_runs import JobRuns
from core.storage.open_questions import OpenQuestions
from core.storage.passages import Passages
from core.storage.people import PersonRecords
from core.storage.plugin_grants import PluginGrants
from core.storage.quality_days import QualityDays
from core.storage.quotas import Quotas
from core.storage.spaces import Spaces
from core.storage.training_ratings import RatedAnswers
from core.storage.turns import Turns
from core.storage.unreadable import UnreadableSources


class Stores:
    """Every store of an open data folder. They share its database and are made once a process."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.answers = Answers(database)
        self.cached_answers = CachedAnswers(database)
        self.conflicts = Conflicts(database)
        self.channel_watches = ChannelWatches(database)
        self.chat_lessons = ChatLessons(database)
        self.consents = Consents(database)
        self.documents = Documents(database)
        self.gaps = Gaps(database)
        self.handoffs = Handoffs(database)
        self.impressions = Impressions(database)
        self.inbox = Inbox(database)
        self.job_runs = JobRuns(database)
        self.last_alerts = LastAlerts(database)
        self.leases = Leases(database)
        self.open_questions = OpenQuestions(database)
        self.passages = Passages(database)
        self.people = PersonRecords(database)
        self.plugin_grants = PluginGrants(database)
        self.programs = Programs(database)
        self.proposals = Proposals(database)
        self.quality_days = QualityDays(database)
        self.quotas = Quotas(database)
        self.rate_buckets = RateBuckets(database)
        self.rated_answers = RatedAnswers(database)
        self.reading_log = ReadingLog(database)
        self.recent_votes = RecentVotes(database)
        self.second_vectors = SecondVectors(database)
        self.spaces = Spaces(database)
        self.trusted_people = TrustedPeople(database)
        self.turns = Turns(database)
        self.unreadable = UnreadableSources(database)
        self.vectors = Vectors(database)
        self.watches = Watches(database)
        self.webhooks = Webhooks(database)
