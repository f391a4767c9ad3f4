"""Unicode normal forms of untrusted text."""

from __future__ import annotations

import ast
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.normal_form import MAX_MARKS, normal_form
from tests.growth import MAX_GROWTH, growth

ROOT = Path(__file__).parents[2]


@given(st.text())
def test_a_text_with_few_marks_is_normalised_as_the_standard_says(text):
    for form in ("NFC", "NFKC", "NFKD"):
        assert normal_form(form, text) == unicodedata.normalize(form, text)


def test_a_run_of_marks_is_cut():
    text = normal_form("NFC", "The gate a" + "\u0300\u0316" * 500 + " opens")
    assert text.startswith("The gate ")
    assert text.endswith(" opens")
    assert len(text) <= len("The gate a opens") + MAX_MARKS


@pytest.mark.parametrize("form", ["NFC", "NFKC", "NFKD"])
@pytest.mark.parametrize(
    "run", ["\u0300\u0316", "\uff9e\u0300", "\u0f73\u0344", "\u05b0\u0591\u0300", "\U0001e94a\u0327"]
)
def test_marks_out_of_order_take_linear_time(form, run):
    ratio = growth(lambda text: normal_form(form, text), lambda n: "a" + run * (n // len(run)), 20_000, 0.02)
    assert ratio <= MAX_GROWTH


def test_no_character_begins_a_longer_run_than_its_marks():
    """What decomposes to combining marks is a mark for ``normal_form`` too, so that no run is longer than cut."""
    points = [*range(0x300, 0xD800), *range(0xE000, 0x110000)]
    starts = [chr(point) for point in points if unicodedata.combining(unicodedata.normalize("NFKD", chr(point))[0])]
    long = {start: normal_form("NFKD", start * (MAX_MARKS + 9)) for start in starts}
    kept = {start: normal_form("NFKD", start * MAX_MARKS) for start in starts}
    assert [hex(ord(start)) for start in starts if long[start] != kept[start]] == []


def test_nothing_else_normalises_text():
    for path in (path for part in ("bot", "core", "plugins") for path in (ROOT / part).rglob("*.py")):
        if path.relative_to(ROOT).as_posix() in ("core/normal_form.py", "core/models/e5.py"):  # the latter one point
            continue
        names = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
        assert not names & {"normalize", "is_normalized"}, path
