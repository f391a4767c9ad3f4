"""Which parts of a document are quoted around one of them: with all that each needs, as far as there is room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.retrieval.blocks import QuotePart


class PartChoice:
    """The parts chosen around an anchor, at first it and its needs. ``sizes`` and ``room`` count characters."""

    def __init__(self, parts: Sequence[QuotePart], sizes: Sequence[int], anchor: int, room: int) -> None:
        self._parts, self._sizes, self._room = parts, sizes, room
        self._chosen: set[int] = set()
        self.take([anchor])

    def take(self, places: Iterable[int]) -> None:
        """Choose parts with their needs."""
        self._chosen |= self._with_needs(places)

    def take_if_fits(self, places: Sequence[int], room: int | None = None) -> bool:
        """Choose parts with their needs if there is room for all of them, or as much as ``room``; return whether."""
        wanted = self._chosen | self._with_needs(places)
        if sum(self._sizes[i] for i in wanted) > (self._room if room is None else room):
            return False
        self._chosen = wanted
        return True

    def grow(self, groups: Iterable[Sequence[int]]) -> Sequence[int]:
        """Choose one group of parts after the other while there is room; return the first that is left out."""
        return next((group for group in groups if not self.take_if_fits(group)), ())

    def places(self) -> tuple[int, ...]:
        """Return the chosen ones in order, without an introduction at the end that introduces nothing any more."""
        places = sorted(self._chosen)
        while len(places) > 1 and self._parts[places[-1]].leads:
            places.pop()
        return tuple(places)

    def _with_needs(self, places: Iterable[int]) -> set[int]:
        wanted, waiting = set[int](), list(places)
        while waiting:
            i = waiting.pop()
            if i not in wanted:
                wanted.add(i)
                waiting.extend(self._parts[i].needs)
        return wanted
