"""Front matter: told from a rule, its fields kept as text, what steers a site generator dropped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.knowledge.front_matter import read_front_matter


def test_fields_are_lines_of_the_text_and_the_title_is_not() -> None:
    text = "---\ntitle: Kiln log\nkeeper: Odalys Brandt\nlast-check: 3 May\n---\nThe kiln is checked in spring."
    assert read_front_matter(text) == (
        "Kiln log",
        "Keeper: Odalys Brandt\nLast check: 3 May\n\nThe kiln is checked in spring.",
    )


@pytest.mark.parametrize(
    "text",
    [
        "---\n# Pool rules\n\nThe fine is 3 euros.\n\n---\n\n# Guests\n",
        "---\n\nA line above.",
        "---\nPlain words without any field\n---\nmore",
        "---\nkey: value\nand it never ends",
        "---\n---\nEmpty is none.",
        "No rule at all.\n---\nkey: value\n---\n",
        "",
        "---",
    ],
)
def test_what_is_none_stays_as_it_is(text: str) -> None:
    assert read_front_matter(text) == (None, text)


def test_lists_nested_values_and_quotes() -> None:
    text = (
        "---\ntitle: 'Quoted: yes'\nhosts:\n  - Ana\n  - \"Rui\"\nmap: {a: 1}\n"
        "nested:\n  inner: x\n# note\nlayout: page\n...\nBody."
    )
    assert read_front_matter(text) == ("Quoted: yes", "Hosts: Ana, Rui\n\nBody.")


def test_a_field_that_is_a_sentence_is_kept_without_its_key_and_an_order_is_dropped() -> None:
    text = "---\ntitle: Kiln\npriority: 60\nicone_esq: fa-leaf\ndescription: How it is fired\nkeeper: Ana\n---\nBody."
    assert read_front_matter(text) == ("Kiln", "How it is fired.\nKeeper: Ana\n\nBody.")


def test_front_matter_of_toml() -> None:
    text = '+++\ntitle = "Kiln log"\nkeeper = "Odalys"\ntags = ["clay", "fire"]\n[taxonomies]\nweight = 3\n+++\nBody.'
    assert read_front_matter(text) == ("Kiln log", "tags: clay, fire\n\nKeeper: Odalys\n\nBody.")


def test_fields_without_a_frame_as_pelican_has_them() -> None:
    text = "Title: Kiln log\nDate: 2026-05-03\nSlug: kiln\nAuthor: Odalys\n\nBody: with a colon."
    assert read_front_matter(text) == ("Kiln log", "Date: 2026-05-03\n\nBody: with a colon.")


@pytest.mark.parametrize("fields", ["title: Kiln log\nlayout: simple\n", "title: Kiln log\n"])
def test_a_title_and_what_steers_a_generator_without_a_frame(fields: str) -> None:
    assert read_front_matter(f"{fields}\n# 125\n\nFor firings.") == ("Kiln log", "# 125\n\nFor firings.")


@pytest.mark.parametrize(
    "text",
    [
        "Date: 3 May\n\nOne line with a colon is text.",
        "Question: where?\nAnswer: here.\n\nMore.",
        "Title: A\nText that goes on\n\nMore.",
        "A title: of one line\n\nMore.",
        "+++\nno field\n+++\nmore",
    ],
)
def test_other_lines_with_colons_stay(text: str) -> None:
    assert read_front_matter(text) == (None, text)


@given(st.text(alphabet="ab:- \n#'\"{", max_size=80))
def test_words_of_the_body_are_never_lost(body: str) -> None:
    _, text = read_front_matter(f"---\nkeeper: Odalys\n---\n{body}")
    assert text.split() == ["Keeper:", "Odalys", *body.split()]


@pytest.mark.parametrize("value", ["'2022-01-07 18:22:00'", "2022-01-07T18:22:00Z"])
def test_the_moment_a_tool_wrote_is_no_text(value: str) -> None:
    text = f"---\ntitle: Hamfest\nauthor: W0\ndate: {value}\ntags:\n- fair\nwhere: Lone Elm\n---\nDoors open at 8."
    assert read_front_matter(text) == ("Hamfest", "tags: fair\n\nWhere: Lone Elm\n\nDoors open at 8.")
