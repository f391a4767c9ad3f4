"""Citations that providers put into their text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.generation.grounding.citations import attributed, cited
from tests.passages import hit

USED = (
    hit("The pool is warm. It opens at 7:30 every day. Towels cost 2 euros.", number=11, document="pool.md"),
    hit("Line 9 halts at the door.", number=12, document="tram.md"),
    hit("Não se fuma no pátio.", number=13, document="regras.md", language="pt"),
)


def test_citations_are_numbered_as_they_appear_and_quote_what_they_cite():
    answer = cited("Take line 9 [2]. A towel costs 2 euros. [1] Line 9 again [2].", USED)
    assert answer.text == "Take line 9 [1]. A towel costs 2 euros. [2] Line 9 again [1]."
    assert [(source.n, source.document, source.quote) for source in answer.sources] == [
        (1, "tram.md", "Line 9 halts at the door."),
        (2, "pool.md", "Towels cost 2 euros."),
    ]
    assert [source.passage_id for source in answer.sources] == [12, 11]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Both [1, 2].", "Both [1] [2]."),
        ("Both [2][1].", "Both [1] [2]."),
        ("Both 【2】.", "Both [1]."),
        ("Both 【2†source】.", "Both [1]."),
        ("None [7].", "None."),
        ("None [0].", "None."),
        ("Some [1, 9].", "Some [1]."),
        ("An array a[10] and [x].", "An array a[10] and [x]."),
        ("It halts at the door[2].", "It halts at the door [1]."),
        ("A [link](https://casa.example).", "A [link](https://casa.example)."),
    ],
)
def test_markers_of_every_shape(text, expected):
    assert cited(text, USED).text == expected


def test_a_text_without_citations_has_no_sources():
    assert cited("I do not know.", USED).sources == ()
    assert cited("I do not know [1].", ()).sources == ()


def test_a_translation_still_quotes_its_passage():
    (source,) = cited("Smoking is not allowed in the courtyard [3].", USED).sources
    assert source.quote == "Não se fuma no pátio."


@given(st.text(alphabet="ab [],;0123456789.\n", max_size=80))
def test_every_marker_that_is_left_has_a_source(text):
    answer = cited(text, USED)
    numbers = {source.n for source in answer.sources}
    assert numbers == set(range(1, len(numbers) + 1))
    shown = {int(n) for n in re.findall(r" \[(\d{1,2})\]", answer.text)}
    assert shown <= numbers | {n for n in shown if f" [{n}]" in text}
    for source in answer.sources:
        assert any(source.quote in hit_.passage.text for hit_ in USED)


def test_a_text_without_citations_is_attributed_to_the_passages_that_have_its_words():
    answer = attributed("Towels cost 2 euros. The pool opens every day at 7:30. Line 9 halts at the door.", USED)
    assert answer.text == "Towels cost 2 euros. The pool opens every day at 7:30 [1]. Line 9 halts at the door [2]."
    assert [(source.n, source.document, source.quote) for source in answer.sources] == [
        (1, "pool.md", "The pool is warm. It opens at 7:30 every day."),
        (2, "tram.md", "Line 9 halts at the door."),
    ]


@pytest.mark.parametrize(
    "text", ["", "Hello!", "Towels cost 2 euros. Bring your own soap and shampoo, please.", "A tram leaves hourly."]
)
def test_a_text_with_other_words_is_attributed_to_none(text):
    assert attributed(text, USED).sources == ()
    assert attributed(text, ()).sources == ()
