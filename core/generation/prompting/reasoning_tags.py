"""Filters the reasoning of a model out of its streamed reply, in the marks of every model family in ``_MARK``.

Covers tags (``<think>``, with attributes, in any case), a closing tag whose opening one stood in the prompt, and the
channels of gpt-oss (OpenAI's harmony format) and Gemma. The time is linear in the text, whatever it holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_NAMES = "think|thinking|thought|thoughts|reasoning|seed:think|antthinking"
_ATTRIBUTES = r"\s[^<>]{0,200}"
_OPENING = ("[THINK]", "◁think▷", "<|begin_of_thought|>", "<|START_THINKING|>", "<|channel>")
_CLOSING = ("[/THINK]", "◁/think▷", "<|end_of_thought|>", "<|END_THINKING|>", "<channel|>")
_HEADER = ("<|start|>", "<|channel|>")
_MESSAGE = ("<|message|>",)
_END = ("<|end|>", "<|return|>", "<|call|>")
_FRAME = ("<|begin_of_solution|>", "<|end_of_solution|>", "<|START_RESPONSE|>", "<|END_RESPONSE|>")


def _any(marks: tuple[str, ...]) -> str:
    return "|".join(map(re.escape, marks))


_MARK = re.compile(
    rf"(?P<quoted>`</?(?ai:{_NAMES})(?:{_ATTRIBUTES})?>`)"
    rf"|(?P<opening><(?ai:{_NAMES})(?:{_ATTRIBUTES})?>|{_any(_OPENING)})"
    rf"|(?P<closing></(?ai:{_NAMES})(?:{_ATTRIBUTES})?>|{_any(_CLOSING)})"
    rf"|(?P<header>{_any(_HEADER)})|(?P<message>{_any(_MESSAGE)})|(?P<end>{_any(_END)})|(?P<frame>{_any(_FRAME)})"
)
"""Every mark; ``quoted`` is a tag in inline code, which is text."""

_OPEN_AT_END = re.compile(rf"(?:<(?ai:{_NAMES})(?:{_ATTRIBUTES})?>|{_any(_OPENING)})\s*\Z")
_UNFINISHED_TAG = re.compile(rf"</?(?ai:{_NAMES}){_ATTRIBUTES}")
_TAG = re.compile(rf"</?(?ai:{_NAMES})(?:{_ATTRIBUTES})?>")
_TAG_STARTS = frozenset(
    tag[:n] for name in _NAMES.split("|") for tag in (f"<{name}", f"</{name}") for n in range(1, len(tag) + 1)
)
_STARTS = frozenset(
    mark[:n] for mark in (*_OPENING, *_CLOSING, *_HEADER, *_MESSAGE, *_END, *_FRAME) for n in range(1, len(mark))
)
_MAX_MARK_CHARS = 240
"""Upper bound of the length of a mark: the longest name, 201 characters of attributes, and the brackets."""

_MAX_HEADER_CHARS = 80
_ANSWER_HEADERS = ("final", "assistant")
"""What the header of a harmony message starts with when it is the answer: its channel, else its author."""


@dataclass(frozen=True, slots=True)
class VisibleText:
    """Text outside the reasoning; with ``is_restart`` all that was visible before turns out to be reasoning."""

    text: str
    is_restart: bool = False


class ReasoningFilter:
    """Removes reasoning from a text that comes in pieces, wherever the pieces split the marks."""

    def __init__(self) -> None:
        self._held = ""
        self._state: Literal["shown", "hidden", "header"] = "shown"
        self._header = ""
        self._said: list[str] = []
        self._has_said = False
        self._is_restart = False

    def feed(self, text: str) -> VisibleText:
        """Return what of ``text``, and of text held back before, is known to be outside the reasoning."""
        self._held += text
        self._read(len(self._held) - _n_unfinished(self._held))
        return self._taken()

    def end(self) -> VisibleText:
        """Return the text held back to the end, the start of a mark that never came; nothing inside reasoning."""
        self._read(len(self._held))
        return self._taken()

    def _read(self, end: int) -> None:
        """Read the held text up to ``end``, and to the end of a mark that begins before it; hold the rest."""
        start = 0
        for mark in _MARK.finditer(self._held):
            if mark.start() >= end:
                break
            self._add(self._held[start : mark.start()])
            self._pass(mark)
            start = mark.end()
        end = max(start, end)
        self._add(self._held[start:end])
        self._held = self._held[end:]

    def _add(self, text: str) -> None:
        if self._state == "shown":
            self._said.append(text)
        elif self._state == "header":
            self._header = (self._header + text)[:_MAX_HEADER_CHARS]

    def _pass(self, mark: re.Match[str]) -> None:
        """Change the state at a mark."""
        match mark.lastgroup:
            case "quoted":
                self._add(mark[0])
            case "opening":
                self._state = "hidden"
            case "closing":
                self._show(restarts=self._state == "shown")
            case "header":
                self._state, self._header = "header", ""
            case "message" if self._state == "header":
                self._state = "hidden"
                if self._header.strip().lower().startswith(_ANSWER_HEADERS):
                    self._show(restarts=True)
            case "end":
                self._state = "shown"

    def _show(self, *, restarts: bool) -> None:
        self._state = "shown"
        if restarts:
            self._said.clear()
            self._is_restart = self._has_said

    def _taken(self) -> VisibleText:
        taken = VisibleText("".join(self._said), self._is_restart)
        self._has_said = bool(taken.text) or (self._has_said and not self._is_restart)
        self._said.clear()
        self._is_restart = False
        return taken


def opens_reasoning(text: str) -> bool:
    """Return whether ``text``, a prompt's end, opens reasoning: some chat templates do."""
    return bool(_OPEN_AT_END.search(text))


def _n_unfinished(text: str) -> int:
    """Return the length of the longest end of ``text`` that may be the start of a mark.

    A mark has one ``<`` or ``[`` or ``◁`` that it starts with, after a backtick where it is quoted.
    """
    tail = text[-_MAX_MARK_CHARS:]
    bracket = tail.rfind("<")
    if bracket >= 0:
        is_quoted = tail[:bracket].endswith("`")
        if _is_start(tail[bracket:]) or (is_quoted and _TAG.fullmatch(tail, bracket)):
            return len(tail) - bracket + is_quoted
        if is_quoted and tail.endswith("`") and _TAG.fullmatch(tail, bracket, len(tail) - 1):
            return 0
    starts = (max(tail.rfind("["), tail.rfind("◁")), len(tail) - 1 if tail.endswith("`") else -1)
    return max((len(tail) - start for start in starts if start >= 0 and _is_start(tail[start:])), default=0)


def _is_start(text: str) -> bool:
    """Return whether ``text`` is the start of a mark without its end."""
    return text == "`" or text in _STARTS or text.lower() in _TAG_STARTS or bool(_UNFINISHED_TAG.fullmatch(text))
