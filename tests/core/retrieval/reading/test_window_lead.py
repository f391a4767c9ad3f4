"""The lead of the nearest window, which neither strangers nor copies change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from core.retrieval.reading.passage_reader import PassageReader
from core.retrieval.reading.reading_searcher import N_READ, N_READ_BESIDE_LEAD, read_hits
from core.retrieval.reading.window_lead import LEAST_COSINE, N_PASSAGES, WindowLead
from core.retrieval.reading.windows import Window
from core.types import Hit, Matrix, SearchResult, Vector
from tests.passages import asked, passage


class ByMark:
    """Embeds a text by the number in it: ``cosine 0.7`` is that near to every question. It notes what it embeds."""

    id, dim = "marks", 2

    def __init__(self) -> None:
        self.embedded: list[str] = []

    def embed_query(self, text: str) -> Vector:
        return np.array([1, 0], np.float32)

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        self.embedded += texts
        cosines = [float(text.rpartition("cosine ")[2]) if "cosine " in text else 0.0 for text in texts]
        return np.array([[each, (1 - each * each) ** 0.5] for each in cosines], np.float32).reshape(-1, 2)

    def warm(self) -> None:
        """Nothing is loaded."""


class Doubtful:
    """A model to which nothing answers."""

    def log_odds(self, question: str, windows: Sequence[Window]) -> list[float]:
        return [-1.0] * len(windows)


def lead(*texts: str) -> float:
    told = WindowLead(ByMark()).of(asked("what?"), [passage(text, number=n) for n, text in enumerate(texts)])
    assert told is not None
    return told


def test_it_is_the_difference_from_the_mean_of_the_next_three() -> None:
    assert lead("cosine 0.5", "cosine 0.8", "cosine 0.6", "cosine 0.4", "cosine 0.3") == pytest.approx(0.3)


def test_strangers_and_what_is_not_there_are_equally_far() -> None:
    alone = lead("cosine 0.8")
    assert alone == pytest.approx(0.8 - LEAST_COSINE)
    assert lead("cosine 0.8", "cosine 0.1", "cosine -0.4", *["Nothing."] * 9) == pytest.approx(alone)
    assert (lead("cosine 0.1"), lead()) == pytest.approx((0, 0))


def test_a_copy_is_no_rival() -> None:
    assert lead("cosine 0.8", "cosine 0.8", "cosine 0.5") == pytest.approx(lead("cosine 0.8", "cosine 0.5"))


def test_a_passage_is_as_near_as_its_nearest_window() -> None:
    filler = "Somebody wrote this long sentence to fill the page, and it says nothing at all. " * 4
    assert lead(f"{filler}\n\ncosine 0.9", filler) == pytest.approx(0.9 - LEAST_COSINE)


def test_what_was_embedded_is_kept_and_the_first_alone_are_compared() -> None:
    embedder = ByMark()
    measured = WindowLead(embedder)
    passages = [passage(f"cosine 0.{n}", number=n) for n in range(1, 9)]
    first = measured.of(asked("what?"), passages)
    assert len(embedder.embedded) == N_PASSAGES
    assert measured.of(asked("what?"), passages) == first
    assert len(embedder.embedded) == N_PASSAGES


def test_it_is_unknown_in_portuguese_and_without_a_second_embedder() -> None:
    assert WindowLead(ByMark()).of(asked("o quê?", "pt"), [passage("cosine 0.8")]) is None
    alone, beside = PassageReader("toy", object), PassageReader("toy", object, ByMark())
    assert beside.lead(asked("what?"), [passage("cosine 0.8")]) is None, "the reader is not loaded yet"
    for each in (alone, beside):
        each.warm()
    assert alone.lead(asked("what?"), [passage("cosine 0.8")]) is None
    assert beside.lead(asked("what?"), [passage("cosine 0.8")]) == pytest.approx(0.8 - LEAST_COSINE)


def test_fewer_are_read_where_the_lead_is_known() -> None:
    vectors = np.eye(24, dtype=np.float32)
    hits = tuple(Hit(passage(f"Nothing {n}.", number=n), 10.0 - n, 0.8, 1.0, vectors[n]) for n in range(N_READ + 3))
    before = SearchResult(asked("what?"), vectors[0], hits, hits[:8])
    for second, n_read in ((None, N_READ), (ByMark(), N_READ_BESIDE_LEAD)):
        reader = PassageReader("toy", Doubtful, second)
        reader.warm()
        read = read_hits(before, reader)
        assert sum(each.evidence is not None for each in read.hits) == n_read
        assert read.lead == (None if second is None else pytest.approx(0))
