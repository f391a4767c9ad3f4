"""The ports of the core: what each layer asks of the one beside it, as small Protocols.

An implementation need not inherit; it needs only to have these methods.
"""

from __future__ import annotations

from core.ports.delivery import AdapterApi, ArgumentCompletion, AudienceJudge, InboxPort, Journal, Outlet
from core.ports.file_readers import FileReaders
from core.ports.generation import Generator, InspectableModel, LocalModel
from core.ports.processing import MessageProcessor
from core.ports.retrieval import (
    Embedder,
    Gate,
    PageSource,
    PassageEmbedders,
    PassageStore,
    Reader,
    Reranker,
    Searcher,
    VectorSearch,
)

__all__ = [
    "AdapterApi",
    "ArgumentCompletion",
    "AudienceJudge",
    "Embedder",
    "FileReaders",
    "Gate",
    "Generator",
    "InboxPort",
    "InspectableModel",
    "Journal",
    "LocalModel",
    "MessageProcessor",
    "Outlet",
    "PageSource",
    "PassageEmbedders",
    "PassageStore",
    "Reader",
    "Reranker",
    "Searcher",
    "VectorSearch",
]
