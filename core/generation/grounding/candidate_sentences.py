"""Candidate sentences of a context, for quotes and for support checks.

Each carries what it depends on: the line that introduces its list, the header of its table, the sentence that a
pronoun of it refers to. Does not cover their ranking (``core.generation.grounding.sentence_ranking``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from core.retrieval.sentences import sentences
from core.types import Hit, Passage, Source

MAX_QUOTE_CHARS = 300

Kind = Literal["prose", "item", "row"]

_HEADING = re.compile(r"#{1,6}\s")
_ITEM = re.compile(r"(?:[-*+•–]|\d{1,3}[.)]|[a-z]\))\s+")
_ANAPHORIC = re.compile(
    r"(?:It|They|He|She|This|These|That|Those|Its|Their|His|Her|Both|Ele|Ela|Eles|Elas|Este|Esta|Estes|Estas|Esse|Essa"
    r"|Esses|Essas|Isto|Isso|Ambos|Ambas|Abrem?|Acontecem?|Começam?|Custam?|Duram?|É|Está|Estão|Exigem?|Fecham?"
    r"|Ficam?|Foi|Foram|Incluem?|Inclui|Paga-se|Podem?|São|Terminam?|Tem|Têm)\b"
)
"""How a sentence starts whose subject is in the one before; Portuguese leaves the subject out."""

_LABEL = re.compile(r"\A\s*[^:.;!?]{1,40}:(?=\s)")
_RULE = re.compile(r"[\s|:=*_~`-]*$")


@dataclass(frozen=True, slots=True)
class CandidateSentence:
    """A sentence of the passage numbered ``n``: ``passage.text[start:end]``.

    ``lead`` is the line that introduces its list, or the header of its table, verbatim; empty for most.
    ``quote_start`` is before ``start`` where the sentence is anaphoric and is quoted with the one before it.
    """

    n: int
    passage: Passage
    start: int
    end: int
    quote_start: int
    kind: Kind
    lead: str = ""

    @property
    def verbatim(self) -> str:
        """Return the sentence verbatim."""
        return self.passage.text[self.start : self.end]

    @property
    def before(self) -> str:
        """Return the sentence that an anaphoric one refers to, verbatim; empty for most."""
        return self.passage.text[self.quote_start : self.start].rstrip()

    @property
    def label(self) -> str:
        """Return the lead and label of a list item, or the column names of a table row; empty for prose."""
        if self.kind == "row":
            return " ".join(_cells(self.lead))
        match = _LABEL.match(self._item) if self.kind == "item" else None
        return " ".join([*self.lead.split(), *(match.group().split() if match else ())])

    @property
    def statement(self) -> str:
        """Return the sentence on one line: table cells joined, or a list item without marker and ``Label:``."""
        if self.kind == "row":
            return " · ".join(cell for cell in _cells(self.verbatim) if cell)
        own = _LABEL.sub("", self._item, count=1) if self.kind == "item" else self.verbatim
        return " ".join(own.split())

    @property
    def body(self) -> str:
        """Return label and statement on one line; a table row as ``column: cell`` pairs."""
        return _row(self.lead, self.verbatim) if self.kind == "row" else f"{self.label} {self.statement}".lstrip()

    @property
    def _item(self) -> str:
        return _ITEM.sub("", self.verbatim, count=1)

    @property
    def text(self) -> str:
        """Return the body, after the sentence that an anaphoric one refers to."""
        return " ".join([*self.before.split(), self.body])

    @property
    def source(self) -> Source:
        """Return the citation that quotes it."""
        passage = self.passage
        whole = passage.text[self.quote_start : self.end]
        quote = whole if len(whole) <= MAX_QUOTE_CHARS else cut(self.verbatim, MAX_QUOTE_CHARS)
        return Source(self.n, passage.document, passage.heading, quote, passage.id)


def candidate_sentences(context: Sequence[Hit]) -> list[CandidateSentence]:
    """Return the sentences of the passages in order, numbered by passage from 1, without headings.

    Passages of one document overlap: a sentence in two of them is returned once, of the first.
    """
    seen: set[tuple[int, int]] = set()
    found: list[CandidateSentence] = []
    for n, hit in enumerate(context, start=1):
        for sentence in _of_passage(n, hit.passage):
            place = (hit.passage.document_id, hit.passage.start + sentence.end)
            if place not in seen:
                seen.add(place)
                found.append(sentence)
    return found


def cut(text: str, max_chars: int) -> str:
    """Return the start of ``text``, at most ``max_chars`` long, cut at a word end where there is one."""
    if len(text) <= max_chars:
        return text
    end = max_chars
    while end > 0 and not text[end].isspace():
        end -= 1
    return text[: end or max_chars].rstrip()


def _of_passage(n: int, passage: Passage) -> Iterator[CandidateSentence]:
    lead = ""  # a line that ends in a colon, until something that is no list item follows
    header = ""  # the first row of the table we are in
    before: int | None = None  # where the last prose began, until something else comes
    for start, end in _lines_and_sentences(passage.text):
        text = passage.text[start:end]
        if _HEADING.match(text):
            lead, header, before = "", "", None
        elif _RULE.match(text):
            continue
        elif text.startswith("|"):
            if header:
                yield CandidateSentence(n, passage, start, end, start, "row", header)
            lead, header, before = "", header or text, None
        elif _ITEM.match(text):
            yield CandidateSentence(n, passage, start, end, start, "item", lead)
            header, before = "", None
        else:
            is_anaphoric = before is not None and _ANAPHORIC.match(text)
            yield CandidateSentence(
                n, passage, start, end, before if is_anaphoric and before is not None else start, "prose"
            )
            lead, header, before = text if text.endswith(":") else "", "", start


def _lines_and_sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yield the offsets of the sentences of ``text``, those of one list item together."""
    start, end = 0, 0
    for span in sentences(text):
        is_more = _ITEM.match(text, start, end) and "\n" not in text[end : span.start]
        if is_more and span.end - start <= MAX_QUOTE_CHARS:
            end = span.end
            continue
        if end > start:
            yield start, end
        start, end = span.start, span.end
    if end > start:
        yield start, end


def _row(header: str, row: str) -> str:
    names, cells = _cells(header), _cells(row)
    if len(names) != len(cells):
        return " · ".join(cell for cell in cells if cell)
    return " · ".join(f"{name}: {cell}" if name else cell for name, cell in zip(names, cells, strict=True) if cell)


def _cells(line: str) -> list[str]:
    return [" ".join(cell.split()) for cell in line.strip().strip("|").split("|")]
