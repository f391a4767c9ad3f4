"""Filters the reasoning of a model, between ``<think>`` and ``</think>``, out of its streamed reply."""

from __future__ import annotations

OPEN, _CLOSE = "<think>", "</think>"


class ReasoningFilter:
    """Removes reasoning from a text that comes in pieces, wherever the pieces split the tags."""

    def __init__(self) -> None:
        self._held = ""
        self._is_thinking = False

    def feed(self, text: str) -> str:
        """Return what of ``text``, and of text held back before, is known to be outside the tags."""
        self._held += text
        said = ""
        while True:
            mark = _CLOSE if self._is_thinking else OPEN
            before, found, after = self._held.partition(mark)
            if not self._is_thinking:
                said += before if found else before[: len(before) - n_started(before, mark)]
            if not found:
                self._held = before[len(before) - n_started(before, mark) :]
                return said
            self._held, self._is_thinking = after, not self._is_thinking

    def end(self) -> str:
        """Return the text held back to the end, the start of a tag that never came; nothing inside an open tag."""
        held, self._held = self._held, ""
        return "" if self._is_thinking else held


def n_started(text: str, mark: str) -> int:
    """Return the length of the longest proper prefix of ``mark`` that ``text`` ends with."""
    return next((n for n in range(min(len(mark) - 1, len(text)), 0, -1) if text.endswith(mark[:n])), 0)
