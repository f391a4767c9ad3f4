"""What Discord's client shows of a message: its rules for Markdown, in the order in which they are tried."""

from __future__ import annotations

import re
from collections.abc import Iterator

_RULES = [
    ("code block", re.compile(r"```(?:[a-z0-9_+\-.#]+?\n)?\n*([^\n][\s\S]*?)\n*```", re.I)),
    ("escape", re.compile(r"\\([^0-9A-Za-z\s])")),
    ("address", re.compile(r"<([^: >]+:/[^ >]+)>")),
    ("address", re.compile(r"(https?://[^\s<]+[^<.,:;\"')\]\s])")),
    ("mention", re.compile(r"(<(?:@[!&]?|#|a?:\w+:|t:|id:|/[\w ]+:)\w+(?::\w)?>)")),
    ("link", re.compile(r"\[((?:\\.|[^\[\]\\]|\[[^\]]*\])+)\]\(\s*<?[^\s)>]+>?(?:\s+[^)]*)?\)")),
    ("bold", re.compile(r"\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)")),
    ("underline", re.compile(r"__((?:\\[\s\S]|[^\\])+?)__(?!_)")),
    ("italic", re.compile(r"_((?:__|\\[\s\S]|[^\\_])+?)_(?!\w)")),
    ("italic", re.compile(r"\*(?=\S)((?:\*\*|\s+(?:[^*\s]|\*\*)|[^\s*])+?)\*(?!\*)")),
    ("struck", re.compile(r"~~([\s\S]+?)~~(?!_)")),
    ("spoiler", re.compile(r"\|\|([\s\S]+?)\|\|")),
    ("code", re.compile(r"(?P<ticks>`+)([\s\S]*?[^`])(?P=ticks)(?!`)")),
]
_LINES = [
    ("heading", re.compile(r"#{1,3}[ ]+(?!#)(.+)")),
    ("small", re.compile(r"-#[ ]+(.+)")),
    ("quote", re.compile(r">(?:>>)?[ ](.*)")),
    ("item", re.compile(r"[ ]*(?:[-*]|\d+\.)[ ]+(.+)")),
]


def seen(content: str) -> tuple[str, list[str]]:
    """Return the text that is shown, and the kinds of markup in it, in order; everybody is not notified by ``@``."""
    text, kinds = "", []
    for piece, kind in _blocks(content):
        inner, more = (piece, []) if kind == "code block" else _inline(piece)
        text, kinds = text + inner, kinds + ([kind] if kind else []) + more
    return text, kinds


def _blocks(content: str) -> Iterator[tuple[str, str]]:
    block = _RULES[0][1]
    at = 0
    for match in block.finditer(content):
        yield from _lines(content[at : match.start()])
        yield match[1], "code block"
        at = match.end()
    yield from _lines(content[at:])


def _lines(content: str) -> Iterator[tuple[str, str]]:
    """Yield paragraphs of lines without a mark of their own together, since inline markup may span them."""
    plain: list[str] = []
    lines = content.split("\n")
    for n, line in enumerate(lines):
        end = "\n" if n + 1 < len(lines) else ""
        found = next(((match[1], kind) for kind, rule in _LINES if (match := rule.fullmatch(line))), None)
        if found is None:
            plain.append(line + end)
            continue
        yield "".join(plain), ""
        plain = []
        yield found[0] + end, found[1]
    yield "".join(plain), ""


def _inline(text: str) -> tuple[str, list[str]]:
    shown, kinds, at = "", [], 0
    while at < len(text):
        for kind, rule in _RULES[1:]:
            if match := rule.match(text, at):
                inner = match[match.lastindex or 0]
                deeper, more = (inner, []) if kind in ("escape", "address", "mention", "code") else _inline(inner)
                shown, at = shown + deeper, match.end()
                kinds += ([kind] if kind != "escape" else []) + more
                break
        else:
            shown, at = shown + text[at], at + 1
    return shown, kinds
