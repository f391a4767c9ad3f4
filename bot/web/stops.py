"""Where a reply is to end because the client said so: OpenAI's ``stop``."""

from __future__ import annotations

from collections.abc import Sequence

from core.generation.prompting.reasoning_tags import n_started


class StopSequences:
    """Ends a text that comes in pieces before the first of several sequences, however the pieces cut them."""

    def __init__(self, sequences: Sequence[str]) -> None:
        self._sequences = tuple(filter(None, sequences))
        self._held = ""
        self.is_found = False

    def feed(self, text: str) -> str:
        """Return what of ``text``, and of what was held back before, is certainly said."""
        self._held += text
        ends = [end for sequence in self._sequences if (end := self._held.find(sequence)) >= 0]
        if ends:
            self.is_found = True
        n_held = max((n_started(self._held, sequence) for sequence in self._sequences), default=0)
        end = min(ends) if ends else len(self._held) - n_held
        said, self._held = self._held[:end], "" if ends else self._held[end:]
        return said

    def end(self) -> str:
        """Return what was held back to the end: the start of a sequence that did not come."""
        held, self._held = self._held, ""
        return held
