"""Markdown as text to be read without a renderer."""

from __future__ import annotations

import re

from core.markdown.code_spans import code_spans
from core.markdown.fence import fences

_RUN = re.compile(r"\\.|(?P<run>`+)", re.DOTALL)
_TOKEN = re.compile(r"\\(?P<character>[!-/:-@\[-`{-~])|<(?P<address>https?://[^\s<>]+)>|(?m:^)(?P<indent>\u00a0+)")


def plain_text(markdown: str) -> str:
    """Return Markdown with what is escaped in it as it was, and addresses without their brackets; code stays."""
    pieces, position = [], 0
    for fence in fences(markdown):
        pieces += [_prose(markdown[position : fence.start]), markdown[fence.start : fence.end]]
        position = fence.end
    return "".join([*pieces, _prose(markdown[position:])])


def _prose(markdown: str) -> str:
    return "\n".join(map(_line, markdown.split("\n")))


def _line(line: str) -> str:
    pieces, position = [], 0
    for start, end in code_spans(mark.span() for mark in _RUN.finditer(line) if mark["run"]):
        pieces += [_TOKEN.sub(_shown, line[position:start]), line[start:end]]
        position = end
    return "".join([*pieces, _TOKEN.sub(_shown, line[position:])])


def _shown(token: re.Match[str]) -> str:
    return token["character"] or token["address"] or token["indent"].replace("\u00a0", " ")
