"""What is quoted around one part of a passage: its block whole where there is room, and no part without its needs.

A passage is cut from a document: a list that goes on in the next passage is quoted to its end.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median_low

from core.generation.grounding.candidate_sentences import MAX_QUOTE_CHARS, cut
from core.generation.grounding.list_numbers import list_numbers, renumbered
from core.generation.grounding.part_choice import PartChoice
from core.retrieval.blocks import MarkedText, QuotePart, ends_as_sentence
from core.retrieval.latex import REMOVED
from core.retrieval.markup import shown
from core.types import Passage, Source

_REACH = 1_000
"""Characters of the document, before and after a passage, that its quotations may take in."""

_SHORT_LINE_CHARS = 50
"""A line of a list item that is shorter was hardly wrapped."""

_SAYS_SOMETHING = re.compile(r"\d|\w\W+\w+\W+\w")
"""A number or three words: a part without is quoted beside others only."""

_POINTER = re.compile(
    r"(?:(?:Please )?(?:See|Refer to|Check out) |(?:For )?[Mm]ore (?:info|information|details|on|about)\b|Learn more"
    r"|Link (?:to|for|para) |Vejam? |Ver |Consulte |Confira |Saiba mais|(?:Para )?[Mm]ais (?:informações|detalhes)\b)"
    r"[^.!?\n]{0,100}[.!?]?(?: ?\(?https?://\S+)?$"
)
"""A part that only says where to look: it is quoted beside others only."""


@dataclass(frozen=True, slots=True)
class Quotation:
    """Whole parts of a document, around one of a passage: ``anchor`` is its place among the passage's parts."""

    passage: QuotablePassage
    anchor: int
    places: tuple[int, ...]

    @property
    def text(self) -> str:
        """Return what is quoted, readable, without markup."""
        return self.passage.read(self.places)

    @property
    def heading(self) -> str:
        """Return the nearest heading above it."""
        return self.passage.parts[self.anchor].heading

    @property
    def begins_within(self) -> bool:
        """Return whether it begins with an item, a row, code or half a sentence, and nothing that introduces it."""
        parts = self.passage.parts
        first = parts[next((i for i in self.places if not _is_header(parts[i])), self.places[0])]
        return first.kind in ("item", "row", "code") or self.text[:1].islower()

    @property
    def span(self) -> tuple[int, int]:
        """Return where it is in the document, from its first part to its last."""
        parts, offset = self.passage.parts, self.passage.offset
        return offset + parts[self.places[0]].start, offset + parts[self.places[-1]].end

    @property
    def source(self) -> Source:
        """Return its citation, which quotes the passage word by word."""
        passage, (start, end) = self.passage.passage, self.span
        start, end = max(start - passage.start, 0), min(end - passage.start, len(passage.text))
        if end - start > MAX_QUOTE_CHARS:  # then from the anchor on
            anchor = self.passage.parts[self.anchor]
            start = max(self.passage.offset + anchor.start - passage.start, 0)
        quote = cut(passage.text[start:end], MAX_QUOTE_CHARS)
        return Source(self.passage.n, passage.document, passage.heading, quote, passage.id)

    def joined(self, other: Quotation) -> Quotation:
        """Return this with what another of the same passage quotes; this alone where that is of another passage."""
        if other.passage is not self.passage:
            return self
        return Quotation(self.passage, self.anchor, tuple(sorted({*self.places, *other.places})))

    def overlaps(self, other: Quotation) -> bool:
        """Return whether both quote some of the same document's text."""
        if self.passage.passage.document_id != other.passage.passage.document_id:
            return False
        return self.span[0] < other.span[1] and other.span[0] < self.span[1]


class QuotablePassage:
    """A passage, numbered ``n`` from 1, with as much of the document around it as its quotations need.

    ``wider`` is the passage joined with its neighbours; parts count characters from ``offset`` in the document.
    """

    def __init__(self, n: int, passage: Passage, wider: Passage) -> None:
        self.n, self.passage = n, passage
        start, end = _reach(passage, wider)
        self.offset = start
        self._marked = MarkedText(wider.text[start - wider.start : end - wider.start], passage.heading, start == 0)
        self.parts: Sequence[QuotePart] = self._marked.parts
        self._numbers = list_numbers(self.parts, self._marked.masked)
        self._sizes = [0 if _is_header(part) else len(self._read(part)) + 1 for part in self.parts]

    def windows(self, room: int) -> list[Quotation]:
        """Return what is quoted around each part that begins or ends in the passage, in order, nothing twice."""
        anchors: dict[tuple[int, ...], list[int]] = {}
        for i, part in enumerate(self.parts):
            is_inside = self.offset + part.end > self.passage.start and self.offset + part.start < self.passage.end
            if not is_inside or part.leads or _POINTER.match(said := self._read(part)):
                continue
            places = self._around(i, room)
            if _SAYS_SOMETHING.search(self.read(places) if part.kind == "item" else said):
                anchors.setdefault(places, []).append(i)
        return [Quotation(self, median_low(places), quoted) for quoted, places in anchors.items()]

    def around(self, anchor: int, room: int, room_of_list: int = 0) -> Quotation:
        """Return what is quoted around a part; more than ``room`` characters only where its needs take them.

        A list is quoted whole where it takes no more than ``room_of_list`` with what introduces it.
        """
        return Quotation(self, anchor, self._around(anchor, room, room_of_list))

    def from_block(self, anchor: int, room: int, room_of_list: int = 0) -> Quotation:
        """Return the same without the blocks before the part's own, so that what answers comes first."""
        return Quotation(self, anchor, self._around(anchor, room, room_of_list, (1,)))

    def read(self, places: Sequence[int]) -> str:
        """Return parts as they are read: prose on, items, rows and messages on lines of their own, gaps as ``…``.

        Several rows are a list, or on a phone nothing would tell where one ends.
        """
        text, last, above = "", -1, ""
        is_table = sum(self.parts[i].kind == "row" and not _is_header(self.parts[i]) for i in places) > 1
        for i in places:
            part, said = self.parts[i], renumbered(self._read(self.parts[i]), self._numbers.get(i))
            said = f"- {said}" if is_table and part.kind == "row" else said
            if _is_header(part) and len(places) > 1:
                continue  # its names are said with the cells
            is_gap = last >= 0 and i > last + 1 and not self.parts[i - 1].leads
            if last >= 0:
                is_on = part.kind == "sentence" and self.parts[last].block == part.block and ends_as_sentence(above)
                text += (" … " if is_gap else " ") if is_on else ("\n…\n" if is_gap else "\n")
            text, last, above = text + said, i, said
        return text

    def _around(
        self, anchor: int, room: int, room_of_list: int = 0, directions: Sequence[int] = (1, -1)
    ) -> tuple[int, ...]:
        chosen = PartChoice(self.parts, self._sizes, anchor, room)
        following = anchor + 1
        if following < len(self.parts) and self.parts[following].narrows:
            chosen.take([following])
        block = list(self._block(anchor))
        is_list = self.parts[anchor].kind == "item"
        if chosen.take_if_fits(block, max(room, room_of_list) if is_list else room):
            for direction in directions:
                left = chosen.grow(self._blocks_from(anchor, direction))
                if left and self.parts[left[0]].needs:  # what was introduced is told as far as there is room
                    chosen.grow([i] for i in left)
        else:
            if is_list:  # it is told from its first item
                chosen.take_if_fits(range(block[0], anchor))
            chosen.grow([i] for i in range(anchor + 1, block[-1] + 1))
            chosen.grow([i] for i in range(anchor - 1, block[0] - 1, -1))
        return chosen.places()

    def _block(self, i: int) -> range:
        start, end = i, i + 1
        while start > 0 and self.parts[start - 1].block == self.parts[i].block:
            start -= 1
        while end < len(self.parts) and self.parts[end].block == self.parts[i].block:
            end += 1
        return range(start, end)

    def _blocks_from(self, anchor: int, direction: int) -> Iterator[range]:
        """Yield the blocks after (``1``) or before (``-1``) the anchor's in the same section, nearest first."""
        block = self._block(anchor)
        while True:
            i = block.stop if direction > 0 else block.start - 1
            if not (0 <= i < len(self.parts)) or self.parts[i].section != self.parts[anchor].section:
                return
            block = self._block(i)
            yield block

    def _read(self, part: QuotePart) -> str:
        masked = self._marked.masked[part.start : part.end]
        if part.kind == "code":
            line_start = self._marked.text.rfind("\n", 0, part.start) + 1
            return textwrap.dedent(self._marked.text[line_start : part.end])
        if part.kind == "row":
            header = next((self.parts[i] for i in part.needs if self.parts[i].kind == "row"), None)
            return _row(self._marked.masked[header.start : header.end] if header else "", masked)
        if part.kind == "item":
            depth = sum(self.parts[i].kind == "item" for i in part.needs)
            return textwrap.indent(_item(masked), "  " * depth)
        return " ".join(shown(masked).split())


def whole_text(passage: Passage) -> str:
    """Return all of a passage as it is read: its blocks on lines of their own, without markup."""
    quotable = QuotablePassage(1, passage, passage)
    return quotable.read(range(len(quotable.parts)))


def _is_header(part: QuotePart) -> bool:
    return part.kind == "row" and part.leads


def _reach(passage: Passage, wider: Passage) -> tuple[int, int]:
    """Return the part of the document around a passage, cut between lines."""
    text, base = wider.text, wider.start
    start, end = max(passage.start - _REACH, base), min(passage.end + _REACH, base + len(text))
    if start > base:
        line = text.find("\n", start - base, passage.start - base)
        start = base + line + 1 if line >= 0 else passage.start
    if end < base + len(text):
        line = text.rfind("\n", passage.end - base, end - base)
        end = base + line if line >= 0 else passage.end
    return start, end


def _item(masked: str) -> str:
    """Return a list item as it is read: wrapped lines joined, fenced code and paragraphs on lines of their own."""
    lines: list[str] = []
    fence = ""
    for line in masked.split("\n"):
        said = " ".join(line.replace(REMOVED, "").split())
        mark = said[:3] if said.startswith(("```", "~~~")) else ""
        if fence or mark:
            lines.append(line.strip() if mark else line.rstrip())
            fence = "" if fence and mark == fence else fence or mark
            if not fence:
                lines.append("")
        elif said and lines and lines[-1] and not _is_broken(lines[-1], said):
            lines[-1] += f" {said}"
        else:
            lines.append(said)
    return "\n".join(line for line in lines if line)


def _is_broken(line: str, following: str) -> bool:
    """Return whether a line ends where it does on purpose: it is short, no sentence, and a new one begins after it."""
    return len(line) < _SHORT_LINE_CHARS and not (ends_as_sentence(line) or following[0].islower())


def _row(header: str, row: str) -> str:
    """Return a row as it is read: the first cell, then each with the name of its column."""
    names, cells = _cells(header), _cells(row)
    if len(names) != len(cells):
        return " · ".join(cell for cell in cells if cell)
    named = [
        f"{name}: {cell}" if name and n else cell
        for n, (name, cell) in enumerate(zip(names, cells, strict=True))
        if cell
    ]
    return " · ".join(named)


def _cells(line: str) -> list[str]:
    return [" ".join(cell.split()) for cell in shown(line).strip("|").split("|")]
