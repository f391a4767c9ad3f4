"""What commands may do: each service bound to the space and the person that called, behind a Protocol.

A plugin reaches them through its ``core.commands.Context`` alone.
"""

from __future__ import annotations

from core.services.knowledge import (
    Curation,
    Finding,
    GapList,
    Knowledge,
    Review,
    ReviewPolicy,
    Tell,
    Verdict,
    WatchList,
)
from core.services.people import ChannelMode, Conversation, GivenAnswers, Learned, People, Replied, Rights
from core.services.providers import Allowance, Providers, ProviderStatus

__all__ = [
    "Allowance",
    "ChannelMode",
    "Conversation",
    "Curation",
    "Finding",
    "GapList",
    "GivenAnswers",
    "Knowledge",
    "Learned",
    "People",
    "ProviderStatus",
    "Providers",
    "Replied",
    "Review",
    "ReviewPolicy",
    "Rights",
    "Tell",
    "Verdict",
    "WatchList",
]
