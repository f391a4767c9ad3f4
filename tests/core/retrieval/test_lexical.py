"""BM25 scores equal a plain loop's, and weights carry over from one index to another."""

import math
from dataclasses import replace

import pytest

from core.retrieval.analyzer import query_terms, stems
from core.retrieval.lexical import LexicalIndex, idf
from core.types import Passage, SpaceId

TEXTS = ["red cat", "red dog red dog", "blue cat sleeps in the blue house", "green bird"] + [
    f"filler {n}" for n in range(9)
]


K1 = 1.2


def passage(id_: int, text: str) -> Passage:
    return Passage(id_, id_, SpaceId("s"), "", "", text, 0, len(text), "en")


def plain_bm25(texts: list[str], query: str) -> dict[int, float]:
    documents = [stems(text, "en") for text in texts]
    average = sum(map(len, documents)) / len(documents)
    scores = {}
    for number, document in enumerate(documents):
        score = 0.0
        for term in query_terms(query):
            n_with = sum(term.stems["en"] in other for other in documents)
            rarity = math.log(1 + (len(documents) - n_with + 0.5) / (n_with + 0.5))
            frequency = document.count(term.stems["en"])
            length = 1 - 0.75 + 0.75 * len(document) / average
            score += rarity * frequency * (K1 + 1) / (frequency + K1 * length)
        if score:
            scores[number] = score
    return scores


@pytest.mark.parametrize("query", ["red cat", "blue", "dog house bird", "unknown", "filler"])
def test_scores_equal_a_plain_loop(tmp_path, query):
    index = LexicalIndex(tmp_path)
    index.update([], [passage(n, text) for n, text in enumerate(TEXTS)])
    index.commit()
    terms = [replace(term, idf=idf(index.n_with(term), len(index))) for term in query_terms(query)]
    found = index.search(terms, 50)
    assert dict(found) == pytest.approx(plain_bm25(TEXTS, query), rel=1e-4)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_weights_replace_the_index_s_own_rarity(tmp_path):
    index = LexicalIndex(tmp_path)
    index.update([], [passage(n, text) for n, text in enumerate(TEXTS)])
    index.commit()
    (term,) = query_terms("bird")
    once, twice = (index.search([replace(term, idf=weight)], 5)[0][1] for weight in (1.0, 2.0))
    assert twice == pytest.approx(2 * once)


def found_ids(index: LexicalIndex, query: str) -> list[int]:
    return sorted(id_ for id_, _ in index.search([replace(term, idf=1.0) for term in query_terms(query)], 5))


@pytest.mark.parametrize("saved", [(), (1,), (1, 2), (2,), (1, 2, 3)])
def test_replaced_and_removed_passages(tmp_path, saved):
    """Whatever is on disk and what only in memory, the same is found, and after reopening too."""
    index = LexicalIndex(tmp_path)
    index.update([], [passage(1, "red"), passage(2, "red"), passage(3, "red")])
    index.commit()
    if 1 in saved:
        index.save()
    index.update([2], [passage(1, "blue"), passage(4, "red")])
    index.commit()
    if 2 in saved:
        index.save()
    index.update([3, 77], [])
    index.commit()
    if 3 in saved:
        index.save()
    for each in (index, LexicalIndex(tmp_path)) if 3 in saved else (index,):
        assert len(each) == 2
        assert found_ids(each, "red") == [4] and found_ids(each, "blue") == [1]


def test_many_changes_go_to_disk_and_few_wait_in_memory(tmp_path):
    index = LexicalIndex(tmp_path)
    index.update([], [passage(n, f"red cat{n}") for n in range(300)])
    index.update([7], [passage(300, "red cat300")])
    index.commit()
    assert len(index) == 300 and found_ids(index, "cat300") == [300] and found_ids(index, "cat7") == []
    assert len(LexicalIndex(tmp_path)) == 300
    index.update([8], [passage(301, "red cat301")])
    index.commit()
    assert len(index) == 300 and found_ids(index, "cat301") == [301] and found_ids(index, "cat8") == []
    assert len(LexicalIndex(tmp_path)) == 300 and found_ids(LexicalIndex(tmp_path), "cat301") == []
