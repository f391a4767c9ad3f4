"""The words AION is written in: small frozen values that travel between its layers.

Covers what a message, a passage, a search result, a decision and an answer are.
Does not cover how any of them is stored (``core.storage``) or shown (``bot``).
"""

from __future__ import annotations

from core.types.answers import Answer, Button, File, Rating, Reply, Source, Thumb
from core.types.generation import EngineState, Generation, LoraVersion, Piece, PromptTurn, Sampling
from core.types.ground import GLOBAL, LANGUAGES, Language, Matrix, Platform, SpaceId, Vector, readable_spaces
from core.types.knowledge import (
    Chunk,
    Document,
    Gap,
    GapStatus,
    IndexedDocument,
    Outcome,
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
    "IndexedDocument",
    "Language",
    "LoraVersion",
    "Matrix",
    "Message",
    "Nearby",
    "Outcome",
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
