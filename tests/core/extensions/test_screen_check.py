"""What a screen returned is copied as plain values within limits, or refused."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import PluginFailed
from core.extensions.screen_check import MAX_PAGE_CHARS, checked_parts
from core.extensions.screen_parts import (
    ScreenChart,
    ScreenField,
    ScreenFigure,
    ScreenForm,
    ScreenTable,
    ScreenText,
)


class Markup(str):
    """A text that says of itself that it is markup, as templates ask."""

    def __html__(self) -> str:
        return "<script>alert(1)</script>"

    def __str__(self) -> str:
        return "<script>alert(2)</script>"


def test_what_holds_is_copied() -> None:
    given = [
        ScreenText("One\ntwo", "Text"),
        ScreenFigure("Tosses", 3),
        ScreenTable(["a", "b"], [["x", 1], ["y", 2.5]], "Table"),
        ScreenChart("Chart", ["Mon", "Tue"], {"heads": [1, 0.5]}),
        ScreenForm("Add", [ScreenField("side", "Side", "choice", "heads", ["heads", "tails"])], "add", "Form"),
    ]
    checked = checked_parts(given)
    assert checked == (
        given[0],
        given[1],
        ScreenTable(("a", "b"), (("x", 1), ("y", 2.5)), "Table"),
        ScreenChart("Chart", ("Mon", "Tue"), {"heads": (1, 0.5)}),
        ScreenForm("Add", (ScreenField("side", "Side", "choice", "heads", ("heads", "tails")),), "add", "Form"),
    )


def test_no_method_of_a_derived_text_is_left() -> None:
    text, table = checked_parts([ScreenText(Markup("a"), Markup("b")), ScreenTable([Markup("c")], [[Markup("d")]])])
    assert isinstance(text, ScreenText) and isinstance(table, ScreenTable)
    values = (text.text, text.heading, table.columns[0], table.rows[0][0])
    assert values == ("a", "b", "c", "d") and all(type(value) is str for value in values)


def test_control_characters_go() -> None:
    [text] = checked_parts([ScreenText("a\u202eb\x1b[31m")])
    assert text == ScreenText("ab[31m")


class Endless(list[Any]):
    """A list without an end."""

    def __iter__(self) -> Any:
        while True:
            yield ScreenText("x")


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (None, "no list"),
        ("<b>page</b>", "no list"),
        (["<b>page</b>"], "returned str among"),
        (Endless(), "no list"),
        ([ScreenText("x")] * 41, "no list of at most 40"),
        ([ScreenText("x" * 20_001)], "longer than 20000"),
        ([ScreenText("x" * 20_000)] * (MAX_PAGE_CHARS // 20_000 + 1), "longer than 150000"),
        ([ScreenText(b"x")], "bytes in place of a text"),
        ([ScreenFigure("n", None)], "NoneType in place of a number"),
        ([ScreenFigure("n", float("nan"))], "in place of a number"),
        ([ScreenFigure("n", 10**5000)], "in place of a number"),
        ([ScreenFigure("n", True)], "bool in place of a number"),
        ([ScreenTable(["a"], [["x", "y"]])], "has not 1 cells"),
        ([ScreenTable(["a"], [["x"]] * 501)], "no list of at most 500"),
        ([ScreenTable(["a"], iter([["x"]]))], "no list"),
        ([ScreenChart("c", ["a"], {})], "dict of 1 to 3"),
        ([ScreenChart("c", ["a"], {"n": [1, 2]})], "has not 1 values"),
        ([ScreenChart("c", ["a"], {"n": [-1]})], "below 0"),
        ([ScreenForm("x", [ScreenField("a", "A", "file")])], "known kind"),  # type: ignore[arg-type]
        ([ScreenForm("x", [ScreenField("a b", "A")])], "no name"),
        ([ScreenForm("x", ["a"])], "no ScreenField"),  # type: ignore[list-item]
    ],
)
def test_what_does_not_hold_is_refused(given: Any, problem: str) -> None:
    with pytest.raises(PluginFailed, match=problem):
        checked_parts(given)
