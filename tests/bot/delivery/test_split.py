from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery.split import cut, split, utf16_units
from core.markdown.fence import close_fence, fences

WORDS = st.text(alphabet="aeiourstnlmáçõ😀👩🏽‍🚀́", min_size=1, max_size=12)
ODD = st.sampled_from(
    [
        "`inline code`",
        "[a link](https://example.org/a_(b)?q=1)",
        "<https://example.org/page>",
        "<@123456789>",
        "&amp;",
        "**bold words here**",
        "||spoiler||",
        "‏עברית‏",
        "​",
        "@everyone",
        "```",
        "~~~",
        "`",
        "[",
        "](",
        "x" * 90,
    ]
)
SENTENCES = st.lists(st.one_of(WORDS, ODD), min_size=1, max_size=12).map(lambda words: " ".join(words) + ".")
CODE = st.builds(
    lambda tag, lines: f"```{tag}\n" + "\n".join(lines) + "\n```",
    st.sampled_from(["", "py", "python title"]),
    st.lists(st.one_of(st.just(""), WORDS.map(lambda word: f"    {word}()"), st.just("y" * 70)), max_size=12),
)
TEXTS = st.lists(st.one_of(SENTENCES, CODE, st.text(max_size=60)), min_size=1, max_size=10).flatmap(
    lambda blocks: st.sampled_from(["\n\n", "\n", " "]).map(lambda gap: gap.join(blocks))
)
LIMITS = st.integers(16, 120)


@settings(max_examples=150)
@given(TEXTS, LIMITS, st.sampled_from([len, utf16_units]))
def test_every_part_fits_and_shows_something(text, limit, measure):
    for part in split(text, limit, measure):
        assert measure(part) <= limit
        assert part.strip()


@settings(max_examples=150)
@given(TEXTS, LIMITS)
def test_the_parts_are_the_text_but_for_space_at_the_cuts(text, limit):
    parts = cut(text, limit)
    edge = 0
    for part in parts:
        gap = text[edge : part.start]
        assert not gap.strip(), "only whitespace may fall between two parts"
        if part.opening:
            assert gap in ("", "\n"), "code loses at most the newline it is cut at"
        assert part.body == text[part.start : part.end]
        edge = part.end
    assert not text[edge:].strip()


@settings(max_examples=150)
@given(TEXTS, LIMITS)
def test_joining_the_parts_gives_the_text_back(text, limit):
    """The same promise, seen from outside: take the reopened fences away and nothing but space has changed."""
    blocks = cut(text, limit)
    joined = "".join(str(part)[len(part.opening) : len(str(part)) - len(part.closing)] for part in blocks)
    assert re.sub(r"\s", "", joined) == re.sub(r"\s", "", text)
    assert [str(part) for part in blocks] == split(text, limit)


TIDY = st.lists(st.one_of(st.lists(WORDS, min_size=1).map(" ".join), CODE), min_size=1, max_size=10).map("\n\n".join)


@settings(max_examples=150)
@given(TIDY, LIMITS)
def test_fences_are_balanced_in_every_part(text, limit):
    """Code whose own fence lines take over half a part is prose to the splitter, so only the others are held to it."""
    if any(len(fence.lines) > limit // 2 for fence in fences(text)):
        return
    for part in split(text, limit):
        assert all(fence.closed for fence in fences(part))


WHOLE = ("[text](https://e.org/x)", "`co de`", "&amp;", "<@12345678>", "**b b**", "word")


@given(st.lists(st.sampled_from(WHOLE), min_size=1), st.integers(26, 60))
def test_links_code_and_entities_stay_whole(tokens, limit):
    text = " ".join(tokens)
    found = [token for part in split(text, limit) for token in _tokens(part)]
    assert found == _tokens(text)


def _tokens(text):
    return re.findall("|".join(map(re.escape, WHOLE)), text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one two\n\nthree four five", ["one two", "three four five"]),
        ("one two\nthree four five", ["one two", "three four five"]),
        ("One two. Three four five", ["One two.", "Three four five"]),
        ("one two three four five", ["one two three", "four five"]),
        ("onetwothreefourfive", ["onetwothreefourf", "ive"]),
    ],
)
def test_a_cut_prefers_paragraph_then_line_then_sentence_then_word(text, expected):
    assert split(text, 16) == expected


def test_a_code_block_is_closed_and_reopened_with_its_language():
    text = "Look:\n\n```python\nfirst = 1\n\n    second = 2\nthird = 3\n```\nDone."
    parts = split(text, 40)
    assert parts == [
        "Look:\n\n```python\nfirst = 1\n\n```",
        "```python\n    second = 2\nthird = 3\n```",
        "Done.",
    ]


def test_a_short_code_block_moves_whole_to_the_next_part():
    text = "A few words of prose here.\n\n```py\nx = 1\ny = 2\n```"
    assert split(text, 40) == ["A few words of prose here.", "```py\nx = 1\ny = 2\n```"]


def test_a_fence_left_open_is_closed():
    assert split("```py\nx = 1", 40) == ["```py\nx = 1\n```"]
    assert close_fence("```py\nx = 1") == "```py\nx = 1\n```"
    assert close_fence("```py\nx = 1\n```") == "```py\nx = 1\n```"


def test_a_fence_inside_a_longer_fence_is_code():
    text = "````md\n```py\nx\n```\n````"
    assert [(fence.marker, fence.tag) for fence in fences(text)] == [("````", "md")]


@pytest.mark.parametrize("text", ["", " \n\t ", "\u2028"])
def test_blank_text_gives_no_parts(text):
    assert split(text, 2000) == []


def test_a_family_and_a_flag_are_not_taken_apart():
    family, flag = "👩‍👩‍👧‍👦", "🇧🇷"
    for n in range(1, 20):
        for emoji in (family, flag, "á"):
            parts = split("x" * n + emoji * 6, 16)
            assert "".join(parts) == "x" * n + emoji * 6
            assert all(part.lstrip("x").replace(emoji, "") == "" for part in parts)


def test_a_link_longer_than_a_part_is_cut_and_not_lost():
    link = f"[text](https://example.org/{'a' * 100})"
    assert "".join(split(link, 40)) == link


@pytest.mark.parametrize(
    "noise", ["[", "`", "*", "*a ", "<", "[a]", "[[a]", "```\n", "~~~\n", "_", "&", "\u0301", " \n", "()"]
)
def test_markup_no_parser_accepts_is_split_in_reasonable_time(noise):
    """Each of these makes a careless pattern quadratic; the test's own time limit is the judge."""
    text = noise * (50_000 // len(noise))
    parts = split(text, 2000, utf16_units)
    assert all(utf16_units(part) <= 2000 for part in parts)


def test_utf16_units_counts_as_telegram_does():
    assert [utf16_units(text) for text in ("", "é", "😀", "👩‍🚀", "\ud800")] == [0, 1, 2, 5, 1]


def test_a_measure_of_the_rendered_text_lets_a_part_hold_more_source():
    def rendered(text):
        return len(re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text))

    text = " ".join(f"[word{n}](https://example.org/{'p' * 60})" for n in range(8))
    parts = split(text, 40, rendered)
    assert len(parts) == 2
    assert " ".join(parts) == text


def test_a_limit_too_small_for_a_fence_is_refused():
    with pytest.raises(ValueError, match="at least 16"):
        split("text", 8)
