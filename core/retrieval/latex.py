"""LaTeX commands masked in place: headings and items by Markdown's marks, table cells by bars, the rest removed."""

from __future__ import annotations

import re

REMOVED = "\x1f"
"""Stands for a removed character of markup: white space to a sentence splitter, and shown as nothing."""

_SIGN = re.compile(
    r"\\(?:section|subsection|subsubsection|chapter|paragraph|begin|end|item|textbf|textit|emph|url|href|cite)\b"
)
_GROUP = r"\{(?:[^{}\n]|\{[^{}\n]{0,100}\}){0,200}\}"
_COMMAND = re.compile(
    rf"""
      (?P<heading>\\(?:chapter|(?:sub){{0,2}}section|paragraph)\*?\{{)
    | (?P<item>\\item(?![a-zA-Z]))
    | (?P<hidden>(?<!\\)%[^\n]*
        |\\(?:begin|end|label|ref|pageref|[vh]space|includegraphics|input|cite|rowcolors?|color|caption|def\\\w+
          |usepackage|setlength|multirow)\*?(?:\[[^\]\n]{{0,200}}\])?(?:{_GROUP}){{0,3}}(?:\[[a-zA-Z!]{{1,8}}\])?)
    | (?P<row>\\\\(?:\[[^\]\n]{{0,20}}\])?)
    | \\(?P<escaped>[$%&_\#{{}}])
    | (?P<command>\\[a-zA-Z]{{1,30}}\*?(?:\[[^\]\n]{{0,200}}\])?)
    | (?P<cell>&) | (?P<brace>[{{}}]) | (?P<tie>~)
    """,
    re.VERBOSE,
)


def is_latex(text: str) -> bool:
    """Return whether a text has commands of LaTeX documents."""
    return _SIGN.search(text) is not None


def without_commands(text: str) -> str:
    """Return a LaTeX ``text`` with its commands masked, of the same length. Linear time."""
    return _COMMAND.sub(_masked, text)


def removed(text: str) -> str:
    """Return ``REMOVED`` for every character but line breaks."""
    return "\n".join(REMOVED * len(line) for line in text.split("\n"))


def _masked(match: re.Match[str]) -> str:
    whole = match.group()
    if match["escaped"]:
        return REMOVED + match["escaped"]
    marks = {"heading": "# ", "item": "- ", "row": "\n", "cell": "|", "tie": " "}
    for name, mark in marks.items():
        if match[name]:
            return mark + removed(whole[len(mark) :])
    return removed(whole)
