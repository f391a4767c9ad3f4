"""Fenced code blocks in a Markdown text (CommonMark 0.31, section 4.5)."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fence:
    """A code block: ``[start, end)`` from its first marker to its last; ``closed`` is false where the text ends first.

    ``[body_start, body_end)`` is the code, ``tag`` its language; ``lines`` is the opening line and a closing one.
    """

    start: int
    body_start: int
    body_end: int
    end: int
    marker: str
    tag: str
    closed: bool
    lines: str

    def is_open_at(self, position: int) -> bool:
        """Return whether a cut at ``position`` falls inside this block."""
        return self.start < position and (position < self.end or not self.closed)


_FENCE_LINE = re.compile(r"^ {0,3}(?P<marker>`{3,}|~{3,})(?P<info>[^\n]*)$", re.MULTILINE)


def fences(text: str) -> list[Fence]:
    """Return the fenced code blocks of ``text`` in order; an unclosed one reaches the end."""
    found: list[Fence] = []
    opening: re.Match[str] | None = None
    for line in _FENCE_LINE.finditer(text):
        marker, info = line["marker"], line["info"].strip()
        if opening is None:
            if marker[0] == "~" or "`" not in info:
                opening = line
        elif marker.startswith(opening["marker"]) and not info:
            found.append(_fence(opening, line.start(), line.end("marker"), closed=True))
            opening = None
    if opening is not None:
        found.append(_fence(opening, len(text), len(text), closed=False))
    return found


def _fence(opening: re.Match[str], body_end: int, end: int, *, closed: bool) -> Fence:
    body_start = min(opening.end() + 1, body_end)
    tag = (opening["info"].split() or [""])[0]
    marker = opening["marker"]
    lines = f"{marker}{opening['info']}\n\n{marker}"
    return Fence(opening.start("marker"), body_start, body_end, end, marker, tag, closed, lines)


def close_fence(text: str) -> str:
    """Return ``text``, with a closing fence where it leaves a code block open."""
    open_fence = next((fence for fence in fences(text) if not fence.closed), None)
    return f"{text}\n{open_fence.marker}" if open_fence else text
