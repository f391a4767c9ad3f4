"""Stop sequences of a streamed reply (``stop`` of OpenAI's chat completions)."""

from __future__ import annotations

from collections.abc import Sequence


class StopSequences:
    """Cuts a streamed text before the first of several sequences, also where a sequence spans pieces."""

    def __init__(self, sequences: Sequence[str]) -> None:
        self._sequences = tuple(filter(None, sequences))
        self._held = ""
        self.is_found = False

    def feed(self, text: str) -> str:
        """Return the text that certainly precedes any sequence; a possible start of one is held back."""
        self._held += text
        ends = [end for sequence in self._sequences if (end := self._held.find(sequence)) >= 0]
        if ends:
            self.is_found = True
        n_held = max((_n_started(self._held, sequence) for sequence in self._sequences), default=0)
        end = min(ends) if ends else len(self._held) - n_held
        released, self._held = self._held[:end], "" if ends else self._held[end:]
        return released

    def end(self) -> str:
        """Return the text held back at the end of the stream: the start of a sequence that was not completed."""
        held, self._held = self._held, ""
        return held


def _n_started(text: str, sequence: str) -> int:
    """Return the length of the longest proper prefix of ``sequence`` that ``text`` ends with."""
    longest = min(len(sequence) - 1, len(text))
    return next((n for n in range(longest, 0, -1) if text.endswith(sequence[:n])), 0)
