"""Passages joined with their neighbours."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.generation.prompting.neighbouring_passages import joined
from core.retrieval.chunk import chunk
from core.types import Hit, Passage, SpaceId
from tests.passages import chunked, hit

GUIDE = "\n\n".join(
    [f"# Part {n}\n\n" + " ".join(f"Sentence {n}.{i} tells of ships and harbours." for i in range(8)) for n in range(9)]
)


def size(_: int, hit: Hit) -> int:
    return len(hit.passage.text)


def cuts(text: str, max_chars: int, overlap: int, first: int = 1) -> list[Passage]:
    """Return a document's passages; its number is the first one's."""
    return [
        Passage(first + n, first, SpaceId("s"), "guide", cut.heading, cut.text, cut.start, cut.end, "en")
        for n, cut in enumerate(chunk(text, max_chars, overlap))
    ]


def as_hits(passages: list[Passage]) -> list[Hit]:
    return [Hit(passage, 0.5, 0.5, 1.0, np.zeros(1, np.float32)) for passage in passages]


def test_what_is_before_and_after_is_read_too_and_the_rest_is_not() -> None:
    passages = cuts(GUIDE, 400, 0)
    middle = passages[4]
    (wide,) = joined(as_hits([middle]), [passages[3], passages[5]], size, 10_000)
    assert (wide.passage.start, wide.passage.end) == (passages[3].start, passages[5].end)
    assert wide.passage.text == GUIDE[wide.passage.start : wide.passage.end]
    assert (wide.passage.id, wide.passage.heading) == (middle.id, "Part 4")


def test_the_best_comes_first_and_what_follows_before_what_precedes() -> None:
    passages = cuts(GUIDE, 400, 0)
    chosen = as_hits([passages[6], passages[1]])
    room = sum(size(0, each) for each in chosen) + len(passages[7].text) + 5
    best, other = joined(chosen, [passages[n] for n in (0, 2, 5, 7)], size, room)
    assert (best.passage.start, best.passage.end) == (passages[6].start, passages[7].end)
    assert other is chosen[1]


def test_nothing_is_read_twice() -> None:
    passages = cuts(GUIDE, 400, 0)
    chosen = as_hits([passages[4], passages[6], passages[5]])
    wide = joined(chosen, [passages[n] for n in (3, 4, 5, 6, 7)], size, 10_000)
    spans = sorted((each.passage.start, each.passage.end) for each in wide)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert (spans[0][0], spans[-1][1]) == (passages[3].start, passages[7].end)


def test_documents_are_not_joined_with_each_other() -> None:
    one, other = cuts("First thing.", 400, 0), cuts("Second thing.", 400, 0, first=50)
    (same,) = joined(as_hits(one), other, size, 10_000)
    assert same.passage == one[0]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(120, 500),
    st.integers(0, 100),
    st.sets(st.integers(0, 30), min_size=1, max_size=6),
    st.integers(0, 4_000),
)
def test_it_is_the_documents_own_text_within_the_room(
    max_chars: int, overlap: int, places: set[int], more: int
) -> None:
    text = " ".join(GUIDE.replace("#", "").split())  # one stretch of prose, so that every gap is a single blank
    passages = cuts(text, max_chars, overlap)
    chosen = as_hits([passages[place % len(passages)] for place in dict.fromkeys(p % len(passages) for p in places)])
    ids = {each.passage.id for each in chosen}
    beside = [each for each in passages if {each.id - 1, each.id + 1} & ids]
    before = sum(size(0, each) for each in chosen)
    wide = joined(chosen, beside, size, before + more)
    assert sum(size(0, each) for each in wide) <= before + more
    for old, new in zip(chosen, wide, strict=True):
        assert new.passage.id == old.passage.id
        assert old.passage.text in new.passage.text
        assert " ".join(text[new.passage.start : new.passage.end].split()) == " ".join(new.passage.text.split())
        assert len(new.passage.text) == new.passage.end - new.passage.start


def test_what_does_not_fit_leaves_the_hits_as_they_are() -> None:
    hits = chunked(GUIDE, "guide")
    assert joined(hits[:1], [hits[1].passage], size, size(0, hits[0])) == (hits[0],)
    assert joined([], [hits[1].passage], size, 100) == ()


def test_a_passage_that_ends_where_the_other_does_adds_nothing_twice() -> None:
    long, tail = hit("One. Two. Three."), hit("Three.", number=2)
    beside = replace(tail.passage, document_id=1, start=10, end=16)
    (wide,) = joined([long], [beside], size, 100)
    assert wide.passage.text == "One. Two. Three."
