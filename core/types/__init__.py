"""The words AION is written in: small frozen values that travel between its layers.

Covers what a message, a passage, a search result, a decision and an answer are.
Does not cover how any of them is stored (``core.storage``) or shown (``bot``).
"""

from __future__ import annotations

from core.types.answers import Answer, Button, File, Rating, Reply, Source, Thumb
from core.types.generation import EngineState, Generation, LoraVersion, Piece, Sampling, Turn
from core.types.ground import GLOBAL, LANGUAGES, Language, Matrix, Platform, SpaceId, Vector, readable_spaces
from core.types.knowledge import (
    Chunk,
    Document,
    Gap,
    GapStatus,
    Indexed,
    Outcome,
    Page,
    Passage,
    Proposal,
    ProposalStatus,
    Reading,
    Watch,
    WatchKind,
)
from core.types.messages import Attachment, Message, Nearby, Person, Post
from core.types.search import Band, Changes, Confidence, Decision, Found, Hit, QueryTerm, Reason

__all__ = [
    "GLOBAL",
    "LANGUAGES",
    "Answer",
    "Attachment",
    "Band",
    "Button",
    "Changes",
    "Chunk",
    "Confidence",
    "Decision",
    "Document",
    "EngineState",
    "File",
    "Found",
    "Gap",
    "GapStatus",
    "Generation",
    "Hit",
    "Indexed",
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
    "Post",
    "Proposal",
    "ProposalStatus",
    "QueryTerm",
    "Rating",
    "Reading",
    "Reason",
    "Reply",
    "Sampling",
    "Source",
    "SpaceId",
    "Thumb",
    "Turn",
    "Vector",
    "Watch",
    "WatchKind",
    "readable_spaces",
]
