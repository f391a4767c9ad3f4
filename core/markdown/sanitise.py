"""Markdown that others wrote, such as a model's or a moderator's reply: its formatting stays, and nothing in it acts.

What stays are code, bold text, lists and quotes. Links show their address, and whatever else would be markup on any
surface is shown as it was typed: headings, emphasis, tables, spoilers, small print, HTML, mentions. Code is written as
every surface reads it: a span within its line, a block between fences at the start of their lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from core.control_characters import without_controls
from core.markdown.code_spans import Span, code_spans
from core.markdown.escape import ADDRESS, LINE_MARK, LINE_NUMBER, SPECIAL, Markdown, fixed_indent, linked

MAX_QUOTES = 2
"""The most quotes within one another; a deeper one is shown as it was typed."""

_QUOTE = re.compile(r"[ ]{0,3}>[ ]?")
_FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<marker>`{3,}|~{3,})[ \t]*(?P<tag>[\w+#.-]{0,30})[^`]*\Z")
_RUN = re.compile(r"`+")
_STARS = re.compile(r"\*+")
_LINE = re.compile(
    rf"(?P<indent>[ \t]*)(?:(?P<item>(?:[-*+]|\d{{1,9}}[.)]))[ \t]+(?=\S))?"
    rf"(?:(?P<mark>{LINE_MARK})|(?P<number>{LINE_NUMBER}))?"
)
_TOKEN = re.compile(rf"<(?P<bracketed>{ADDRESS})>|(?P<address>{ADDRESS})|{SPECIAL}|\](?=[(:])")
_CODE_INDENT = 4


def sanitise(text: str) -> Markdown:
    """Return Markdown that somebody else wrote so that nothing in it acts; its control characters go. Linear time.

    A block of code that it leaves open is left open.
    """
    return Markdown("\n".join(_sanitised(without_controls(text).split("\n"), MAX_QUOTES)))


def _sanitised(lines: Sequence[str], max_quotes: int) -> Iterator[str]:
    """Yield the lines of blocks of code, of quotes and of text."""
    n, in_list = 0, False
    while n < len(lines):
        if opening := _FENCE.match(lines[n]):
            end = _closing(lines, n, opening["marker"])
            yield from _code(opening, lines[n + 1 : end], is_closed=end < len(lines))
            n, in_list = end + 1, False
        elif max_quotes and _QUOTE.match(lines[n]):
            end = next((end for end in range(n, len(lines)) if not _QUOTE.match(lines[end])), len(lines))
            quoted = [_QUOTE.sub("", line, count=1) for line in lines[n:end]]
            yield from (f"> {line}" for line in _sanitised(quoted, max_quotes - 1))
            n, in_list = end, False
        else:
            text, in_list = _text_line(lines[n], in_list=in_list)
            yield text
            n += 1


def _closing(lines: Sequence[str], n: int, marker: str) -> int:
    """Return the place of the line that closes the block opened at ``n``, the number of lines where none does."""
    closing = re.compile(rf"[ \t]*{re.escape(marker[0])}{{{len(marker)},}}[ \t]*\Z")
    return next((end for end in range(n + 1, len(lines)) if closing.match(lines[end])), len(lines))


def _code(opening: re.Match[str], lines: Sequence[str], *, is_closed: bool) -> Iterator[str]:
    """Yield a block of code at the start of its lines, between fences longer than what is in it."""
    marker = "`" * max([3, *(len(run[0]) + 1 for line in lines for run in _RUN.finditer(line))])
    yield f"{marker}{opening['tag']}"
    for line in lines:
        yield line.removeprefix(opening["indent"]) if line.startswith(opening["indent"]) else line.lstrip(" \t")
    if is_closed:
        yield marker


def _text_line(line: str, *, in_list: bool) -> tuple[str, bool]:
    """Return a line of text, and whether a list goes on after it; ``in_list``: one went on before."""
    start = _LINE.match(line)
    if start is None or not line.strip():
        return "", in_list
    indent, item = start["indent"].expandtabs(_CODE_INDENT), start["item"]
    if len(indent) >= _CODE_INDENT and not in_list:
        indent = "" if item else fixed_indent(indent)
    number = f"{start['number']}\\" if start["number"] else ""
    mark = f"\\{start['mark']}" if start["mark"] else number
    shown_item = f"{'-' if item in '-*+' else item} " if item else ""
    return f"{indent}{shown_item}{mark}{_inline(line[start.end() :])}", bool(item) or (in_list and bool(indent))


def _inline(text: str) -> str:
    """Return a piece of a line with code and bold text in it."""
    spans = code_spans(run.span() for run in _RUN.finditer(text))
    bold = _bold(text, spans)
    pieces, position = [], 0
    for start, end in [*spans, (len(text), len(text))]:
        for token in _TOKEN.finditer(text, position, start):
            pieces.append(text[position : token.start()])
            position = token.end()
            if address := token["bracketed"] or token["address"]:
                pieces.append(linked(address))
            else:
                pieces.append(token[0] if token.start() in bold else f"\\{token[0]}")
        pieces.append(text[position:end])
        position = end
    return "".join(pieces)


def _bold(text: str, spans: Sequence[Span]) -> frozenset[int]:
    """Return the places of the stars that make text bold: ``**`` before a word, and after the end of one."""
    kept: list[int] = []
    opening: int | None = None
    in_code = iter([*spans, (len(text), len(text))])
    span = next(in_code)
    for run in _STARS.finditer(text):
        while run.start() >= span[1]:
            span = next(in_code)
        if run.start() >= span[0] or len(run[0]) != len("**"):
            continue
        before, after = text[max(0, run.start() - 1) : run.start()], text[run.end() : run.end() + 1]
        if opening is not None and not before.isspace() and not after.isalnum():
            kept += [opening, opening + 1, run.start(), run.start() + 1]
            opening = None
        elif opening is None and not before.isalnum() and after and not after.isspace():
            opening = run.start()
    return frozenset(kept)
