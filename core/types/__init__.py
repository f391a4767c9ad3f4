"""Frozen value types that all layers share: messages, passages, search results, decisions, answers.

How they are stored is in ``core.storage``; how they are shown, in ``bot``.
"""

from __future__ import annotations

from core.types.answers import Answer, Button, File, Rating, Reply, Source, Thumb
from core.types.base import GLOBAL, LANGUAGES, Language, Matrix, Platform, SpaceId, Vector, readable_spaces
from core.types.generation import EngineState, Generation, LoraVersion, Piece, PromptTurn, Sampling
from core.types.knowledge import (
    Chunk,
    Document,
    Gap,
    GapStatus,
    IndexedDocument,
    IndexOutcome,
    Page,
    Passage,
    Proposal,
    ProposalStatus,
    ReadingReport,
    Watch,
    WatchKind,
)
from core.types.messages import Attachment, Message, Nearby, Person, PostedMessage
from core.types.search import (
    AnalyzedQuestion,
    AnswerType,
    Band,
    Confidence,
    Decision,
    Hit,
    QueryTerm,
    Reason,
    SearchResult,
    SpaceChanges,
)

__all__ = [
    "GLOBAL",
    "LANGUAGES",
    "AnalyzedQuestion",
    "Answer",
    "AnswerType",
    "Attachment",
    "Band",
    "Button",
    "Chunk",
    "Confidence",
    "Decision",
    "Document",
    "EngineState",
    "File",
    "Gap",
    "GapStatus",
    "Generation",
    "Hit",
    "IndexOutcome",
    "IndexedDocument",
    "Language",
    "LoraVersion",
    "Matrix",
    "Message",
    "Nearby",
    "Page",
    "Passage",
    "Person",
    "Piece",
    "Platform",
    "PostedMessage",
    "PromptTurn",
    "Proposal",
    "ProposalStatus",
    "QueryTerm",
    "Rating",
    "ReadingReport",
    "Reason",
    "Reply",
    "Sampling",
    "SearchResult",
    "Source",
    "SpaceChanges",
    "SpaceId",
    "Thumb",
    "Vector",
    "Watch",
    "WatchKind",
    "readable_spaces",
]
