"""A second embedder, whose cosines help to rank what the first one and BM25 found.

Two models err on different passages: all-MiniLM-L6-v2, trained on pairs of questions and answers in English, finds
paraphrases that multilingual-e5-small misses. Its vectors are stored beside the passages and looked up for the
candidates alone: there is no second index. ``bench/README.md`` has what it gains.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.ports import Embedder
from core.retrieval.fuse import Scores
from core.types import AnalyzedQuestion, Language, SpaceId, Vector

NATS_PER_COSINE: Mapping[Language, float] = {"en": 30.0, "pt": 0.0}
"""Weight of a cosine, by the question's language, beside ``core.retrieval.fuse``'s ``nats_per_cosine`` of 200: of all
its cosines e5's lie within .1. Chosen on the collections that the gate is fitted on. It does not read
Portuguese: with 8 there, the answering passage was among eight as often, and answers were right less often."""


def for_language(second: Embedder | None, language: Language) -> Embedder | None:
    """Return a second embedder where it reads a language, else ``None``."""
    return second if NATS_PER_COSINE[language] else None


class SecondVectorStore(Protocol):
    """Where the second vectors of passages are stored."""

    def read(self, space: SpaceId, ids: Sequence[int], embedder_id: str) -> Mapping[int, Vector]:
        """Return the vectors of those of these passages that are in ``space`` and have one, by id. Blocks."""
        ...


@dataclass(frozen=True, slots=True)
class SecondEmbedder:
    """An embedder and its stored vectors."""

    embedder: Embedder
    store: SecondVectorStore

    def nats(self, question: AnalyzedQuestion, candidates: Sequence[tuple[SpaceId, int]]) -> Scores:
        """Return what to add to each candidate's fused score, shape ``(len(candidates),)``; 0 on average. Blocks.

        A candidate without a vector, stored before there was a second embedder, gets 0.
        """
        if for_language(self.embedder, question.language) is None:
            return np.zeros(len(candidates))
        known: dict[int, Vector] = {}
        for space in dict.fromkeys(space for space, _ in candidates):
            ids = [id_ for owner, id_ in candidates if owner == space]
            known |= self.store.read(space, ids, self.embedder.id)
        if not known:
            return np.zeros(len(candidates))
        asked = self.embedder.embed_query(question.text)
        places = [place for place, (_, id_) in enumerate(candidates) if id_ in known]
        cosines = np.stack([known[candidates[place][1]] for place in places]) @ asked
        nats = np.zeros(len(candidates))
        nats[places] = NATS_PER_COSINE[question.language] * (cosines - cosines.mean())
        return nats
