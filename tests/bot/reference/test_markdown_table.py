from __future__ import annotations

from bot.reference.markdown_table import markdown_table


def test_bars_and_line_breaks_do_not_break_a_table() -> None:
    assert markdown_table(("a", "b"), [("x | y", "one\ntwo")]) == "| a | b |\n| --- | --- |\n| x \\| y | one two |\n"
