"""Formatting for Telegram: entities that hold, and nothing lost."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.telegram.entities import MAX_UNITS, formatted
from bot.delivery.markup import markdown_of
from bot.delivery.split import utf16_units
from core.types import Reply, Source

PIECES = [
    *("**bold**", "_it_", "`a<b`", "[link](https://a.example/x_y)", "<name>", "</b>", "&amp;", "😀", "# Title"),
    *("- item", "1. one", "> quote", "```python\nx = 1\n```", "```", "|a|b|\n|-|-|\n|1|2|3|", "[x]: https://b.example"),
    *("||s||", "~~no~~", "\n\n", "\n", " ", "word", "1", "\\*", "*", "_", "<https://c.example>", "[1]", "- [x] done"),
    *("![i](https://d.example/e.png)", "---", "\u200b", "\u202e", "$x^2$", "\\(y\\)"),
]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=12).map("".join))
def test_no_letter_is_lost_and_every_entity_lies_within_the_text(markdown):
    text, entities = formatted(markdown)
    length = utf16_units(text)
    assert all(e.offset >= 0 and e.length > 0 and e.offset + e.length <= length for e in entities)
    if text != markdown and "](" not in markdown:  # a link's address may go where no app could open it
        reachable = text + "".join((e.url or "") + (e.language or "") for e in entities)
        assert not Counter(filter(str.isalnum, markdown)) - Counter(filter(str.isalnum, reachable))


@pytest.mark.parametrize(
    ("markdown", "text", "kinds"),
    [
        ("At **nine**.", "At nine.", ["bold"]),
        ("# Hours\n- one\n- two", "Hours\n• one\n• two", ["underline", "bold"]),
        ("`code` 😀 _it_", "code 😀 it", ["code", "italic"]),
        ("plain", "plain", []),
    ],
)
def test_markdown_becomes_text_and_entities(markdown, text, kinds):
    shown, entities = formatted(markdown)
    assert shown.strip() == text
    assert [e.type for e in entities] == kinds


@pytest.mark.parametrize(
    "markdown", ["Use <name> here", "|a|b|\n|-|-|\n|1|2|lost|", "[x]: https://b.example/word", "&copy; 2020"]
)
def test_what_converting_would_drop_is_sent_as_written(markdown):
    assert formatted(markdown) == (markdown, ())


def test_a_text_that_grows_past_the_limit_is_sent_as_written():
    row = "|a|" + "b" * 300 + "|\n"
    table = f"|x|y|\n|-|-|\n{row}" + "|1|2|\n" * 100
    assert utf16_units(table) < MAX_UNITS
    assert formatted(table) == (table, ())


def test_links_that_no_app_opens_are_text():
    _, entities = formatted("[a](javascript:alert) [b](https://b.example) [c](notes.md)")
    assert [e.url for e in entities] == ["https://b.example"]


def test_sources_follow_the_text_and_never_become_code():
    sources = (Source(1, "Handbook", "Hours", "at nine", 1), Source(2, "https://a.example/p", "", "q", 2))
    text, entities = formatted(markdown_of(Reply("See:\n```\nx = 1", "en", sources=sources)))
    assert "📖 Handbook › Hours" in text
    (code,) = (e for e in entities if e.type == "pre")
    assert code.offset + code.length < text.index("Handbook")
    assert any(e.url == "https://a.example/p" for e in entities)
