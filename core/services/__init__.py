"""What commands may do: each service bound to the space and the person that called, behind a Protocol.

A plugin reaches them through its ``core.commands.Context`` alone.
"""

from __future__ import annotations

from core.services.knowledge import (
    Curation,
    Finding,
    GapList,
    Knowledge,
    ProposalReview,
    ReviewPolicy,
    Tell,
    Verdict,
    WatchList,
)
from core.services.people import (
    ChannelMode,
    Conversation,
    GivenAnswers,
    HandoffReply,
    HandoffRequests,
    LearningReport,
    Rights,
)
from core.services.providers import Allowance, Providers, ProviderStatus

__all__ = [
    "Allowance",
    "ChannelMode",
    "Conversation",
    "Curation",
    "Finding",
    "GapList",
    "GivenAnswers",
    "HandoffReply",
    "HandoffRequests",
    "Knowledge",
    "LearningReport",
    "ProposalReview",
    "ProviderStatus",
    "Providers",
    "ReviewPolicy",
    "Rights",
    "Tell",
    "Verdict",
    "WatchList",
]
