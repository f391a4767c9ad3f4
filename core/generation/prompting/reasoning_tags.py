"""What a reasoning model thinks aloud, between ``<think>`` and ``</think>``, taken out of what it says."""

from __future__ import annotations

OPEN, _CLOSE = "<think>", "</think>"


class ReasoningFilter:
    """Takes the thoughts out of a text that comes in pieces, however the pieces cut the marks."""

    def __init__(self) -> None:
        self._held = ""
        self._is_thinking = False

    def feed(self, text: str) -> str:
        """Return what of ``text``, and of what was held back before, is known to be said."""
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
        """Return what was held back to the end: the start of a mark that did not come. A thought stays unsaid."""
        held, self._held = self._held, ""
        return "" if self._is_thinking else held


def n_started(text: str, mark: str) -> int:
    """Return how many characters at the end of ``text`` may be the start of ``mark``."""
    return next((n for n in range(min(len(mark) - 1, len(text)), 0, -1) if text.endswith(mark[:n])), 0)
