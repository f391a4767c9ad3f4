"""Context expansion: chosen passages joined with those right before and after them in their document."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from core.types import Hit, Passage


def joined(
    chosen: Sequence[Hit], neighbours: Sequence[Passage], size: Callable[[int, Hit], int], room: int
) -> tuple[Hit, ...]:
    """Return the hits, each joined with the passage after it and the one before it while there is room, best first.

    ``neighbours`` are the passages right before and after the chosen ones; ``size(i, hit)`` is the share of ``room``
    that hit ``i`` takes, in the same unit. A joined hit keeps its id and its heading, and its text is the document's
    from its ``start`` to its ``end``. No passage is in two hits: one that was chosen itself, or joined to a better hit,
    is not joined again.
    """
    hits = list(chosen)
    known = {passage.id: passage for passage in (*neighbours, *(hit.passage for hit in chosen))}
    taken = {hit.passage.id for hit in chosen}
    left = room - sum(size(i, hit) for i, hit in enumerate(chosen))
    for i, hit in enumerate(chosen):
        for near in (_after(hit.passage, known), _before(hit.passage, known)):
            if near is None or near.id in taken:
                continue
            wider = replace(hits[i], passage=_merged(hits[i].passage, near))
            more = size(i, wider) - size(i, hits[i])
            if more <= left:
                hits[i], left = wider, left - more
                taken.add(near.id)
    return tuple(hits)


def widened(passage: Passage, neighbours: Mapping[int, Passage]) -> Passage:
    """Return a passage joined with the ones right before and after it in its document, as far as they are known.

    It keeps its id and its heading; ``neighbours`` are by id.
    """
    for near in (_before(passage, neighbours), _after(passage, neighbours)):
        if near is not None:
            passage = _merged(passage, near)
    return passage


def _after(passage: Passage, among: Mapping[int, Passage]) -> Passage | None:
    later = (each for each in _of_document(passage, among) if each.start > passage.start)
    return min(later, key=lambda each: each.start, default=None)


def _before(passage: Passage, among: Mapping[int, Passage]) -> Passage | None:
    earlier = (each for each in _of_document(passage, among) if each.start < passage.start)
    return max(earlier, key=lambda each: each.start, default=None)


def _of_document(passage: Passage, among: Mapping[int, Passage]) -> list[Passage]:
    return [each for each in among.values() if each.document_id == passage.document_id]


def _merged(passage: Passage, near: Passage) -> Passage:
    """Return ``passage`` with its neighbour's text: their overlap once, a gap between them as line breaks."""
    first, second = (passage, near) if passage.start < near.start else (near, passage)
    gap = "\n" * (second.start - first.end)
    text = first.text + gap + second.text[max(0, first.end - second.start) :]
    return replace(passage, text=text, start=first.start, end=first.start + len(text))
