"""What makes a page worth learning: good prose passes, and each kind of junk falls by its own mark."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.curation.page_quality import WEIGHTS, baseline_score, freshness, judge, relevance, word_entropy
from tests.pages import ARTICLES, JUNK


@pytest.mark.parametrize("name", ARTICLES)
def test_articles_pass(name: str) -> None:
    article = ARTICLES[name]
    quality = judge(article.text, article.language, theme=article.theme, title=article.title)
    assert quality.is_good, quality


@pytest.mark.parametrize("name", JUNK)
def test_junk_falls_by_its_mark(name: str) -> None:
    junk = JUNK[name]
    quality = judge(junk.text, "en", theme="opening hours of the library")
    assert not quality.is_good, quality
    assert quality.weakest in junk.marks


def test_the_specification_tells_repetition_but_no_menu() -> None:
    article = ARTICLES["library"].text
    assert baseline_score(JUNK["repetition"].text) < baseline_score(article)
    menu = JUNK["menu"].text
    assert baseline_score(menu) > baseline_score(JUNK["repetition"].text)
    assert judge(menu, "en").score < judge(article, "en").score / 2


@given(st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=2, max_size=60))
def test_entropy_is_shannons_over_its_bound(words: list[str]) -> None:
    total = 0.0
    for word in dict.fromkeys(words):
        share = sum(other == word for other in words) / len(words)
        total -= share * math.log2(share)
    assert word_entropy(words) == pytest.approx(total / math.log2(len(words)), abs=1e-12)
    assert 0 <= word_entropy(words) <= 1 + 1e-12


@given(st.text(max_size=300))
def test_any_text_has_a_score(text: str) -> None:
    quality = judge(text, "en", theme="opening hours")
    assert 0 < quality.score <= 1
    assert set(quality.marks) <= set(WEIGHTS)
    assert 0 <= baseline_score(text) <= 1 + 1e-12


def test_older_pages_are_worth_less_but_not_nothing() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    marks = [freshness(datetime(year, 1, 1, tzinfo=UTC), now) for year in (2026, 2021, 2016, 1999)]
    assert marks[0] == 1
    assert marks == sorted(marks, reverse=True)
    assert marks[-1] == pytest.approx(0.2)


def test_relevance_counts_the_themes_words_by_their_stems() -> None:
    assert relevance("borrowing books", "You may borrow one book.", "en") == 1
    assert relevance("borrowing books", "You may borrow a bicycle.", "en") == 0.5
    assert relevance("the of", "anything", "en") == 1
