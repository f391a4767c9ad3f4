"""A second embedder: what it adds to a fused score, and what that changes in a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from core.retrieval.search import HybridSearcher
from core.retrieval.second_embedder import NATS_PER_COSINE, SecondEmbedder
from core.types import AnalyzedQuestion, Language, Scope, SpaceId, Vector
from tests.core.retrieval.memory_store import MemoryStore
from tests.fakes import MeaningEmbedder, WordEmbedder

HERE, THERE = SpaceId("discord:1"), SpaceId("discord:2")
LOAN = "Tools may be taken home for a week."


@dataclass
class MemoryVectors:
    """Second vectors by space and passage."""

    held: dict[tuple[SpaceId, int], Vector] = field(default_factory=dict)

    def read(self, space: SpaceId, ids: Sequence[int], embedder_id: str) -> Mapping[int, Vector]:
        return {id_: self.held[space, id_] for id_ in ids if (space, id_) in self.held}


@pytest.mark.parametrize("language", ["en", "pt"])
def test_it_adds_the_weighted_difference_from_the_mean_cosine(language: Language) -> None:
    held = {(HERE, 1): np.array([1, 0], np.float32), (THERE, 2): np.array([0, 1], np.float32)}
    second = SecondEmbedder(MeaningEmbedder(), MemoryVectors(held))
    question = AnalyzedQuestion("May I borrow one?", language)
    nats = second.nats(question, [(HERE, 1), (HERE, 9), (THERE, 2)])
    half = NATS_PER_COSINE[language] / 2
    np.testing.assert_allclose(nats, [half, 0, -half])
    np.testing.assert_array_equal(second.nats(question, [(HERE, 9)]), [0])
    assert second.nats(question, []).shape == (0,)


async def test_what_is_said_in_other_words_is_found(tmp_path: Path) -> None:
    store = MemoryStore(WordEmbedder())
    texts = [LOAN, *(f"A drill of number {n} is one to look at: can you?" for n in range(30))]
    ids = store.add(HERE, *texts)
    meaning = MeaningEmbedder()
    held = {(HERE, id_): row for id_, row in zip(ids, meaning.embed_passages(texts), strict=True)}
    question = "Can I borrow a drill?"

    async def place(second: SecondEmbedder | None, folder: Path) -> int:
        found = await HybridSearcher(store.embedder, store, folder, second=second).search(Scope(HERE), question, "en")
        return [hit.passage.text for hit in found.hits].index(LOAN) if LOAN in str(found.hits) else 99

    assert await place(None, tmp_path / "alone") == 99
    assert await place(SecondEmbedder(meaning, MemoryVectors(held)), tmp_path / "both") == 0
