"""Passages, hits and search results made by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.retrieval.analyzer import query_terms
from core.retrieval.chunk import chunk
from core.retrieval.question import analyzed
from core.types import AnalyzedQuestion, Hit, Language, Passage, SearchResult, SpaceId
from tests.fakes import WordEmbedder


def passage(
    text: str, *, number: int = 1, document: str = "Handbook", heading: str = "", language: Language = "en"
) -> Passage:
    """Return a passage that is a document of its own."""
    return Passage(number, number, SpaceId("global"), document, heading, text, 0, len(text), language)


def hit(text: str, *, dense: float = 0.8, **named: object) -> Hit:
    """Return a found passage; ``named`` goes to ``passage``."""
    return Hit(passage(text, **named), dense, dense, 1.0, np.zeros(WordEmbedder.dim, np.float32))  # type: ignore[arg-type]


def chunked(text: str, document: str, language: Language = "en", first: int = 1) -> list[Hit]:
    """Return the hits of a whole document, cut as AION cuts it; ``first`` numbers them."""
    return [
        Hit(
            Passage(first + n, first, SpaceId("global"), document, cut.heading, cut.text, cut.start, cut.end, language),
            0.8,
            0.8,
            1.0,
            np.zeros(WordEmbedder.dim, np.float32),
        )
        for n, cut in enumerate(chunk(text))
    ]


def asked(question: str, language: Language = "en") -> AnalyzedQuestion:
    """Return a question as a search analyses it, its terms without weights."""
    return analyzed(question, language, query_terms(question))


def found(question: str, context: Sequence[Hit], language: Language = "en") -> SearchResult:
    """Return a search result with these hits, in this order."""
    return SearchResult(asked(question, language), WordEmbedder().embed_query(question), tuple(context), tuple(context))
