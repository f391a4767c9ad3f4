"""The outline of a document: its sections in order, the first sentence of each, and its list of steps.

Told from Markdown headings, lists and sentence ends alone; nothing is written anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.retrieval.sentences import TextLine, sentences, text_lines

MAX_CHARS = 200_000
"""How much of a document is read for its outline."""

_MIN_WORDS = 5
_MIN_STEPS = 2
_STEP = re.compile(r"\A\s*+(?:\d{1,3}[.)]|[-*+•])\s++(?P<step>\S.*)")
_NUMBERED = re.compile(r"\s*\d{1,3}[.)]\s")
_MARKS = re.compile(r"^[\s>*+#-]+|[*_`]{1,3}|!?\[(?=[^\]]{0,200}\]\()|\]\([^)]{0,300}\)|\{#[^}]{0,80}\}")
_NO_PROSE = re.compile(r"\s*(?:\||```|~~~|#|<|!\[|[-=]{3,}|\d{1,3}[.)]\s)")


@dataclass(frozen=True, slots=True)
class DocumentSection:
    """A heading, empty above the first, with its level (1..6, 0 for none) and the text below it, up to the next."""

    heading: str
    level: int
    text: str

    @property
    def key_sentence(self) -> str:
        """Return its first whole sentence, without markup; empty where it has only lists, tables or code."""
        for span in sentences(self.text):
            sentence = self.text[span.start : span.end]
            plain = without_marks(sentence)
            if not _NO_PROSE.match(sentence) and len(plain.split()) >= _MIN_WORDS and plain[-1] in ".!?":
                return plain
        return ""

    @property
    def lists(self) -> Sequence[Sequence[str]]:
        """Return its numbered lists, or all where none is numbered, of two items or more, without marks."""
        found = list(_lists(self.text))
        numbered = [items for items in found if _NUMBERED.match(items[0])]
        return [[without_marks(_STEP.sub(r"\g<step>", item)) for item in items] for items in numbered or found]


def document_sections(text: str) -> list[DocumentSection]:
    """Return the sections of a document in order; one that has only a heading is among them."""
    text = text[:MAX_CHARS]
    lines = text_lines(text)
    heads = [line for line in lines if line.heading is not None]
    starts = [(0, "", 0), *((line.end, without_marks(line.heading or ""), line.level) for line in heads)]
    ends = [*(line.start for line in heads), len(text)]
    sections = [
        DocumentSection(heading, level, text[start:end].strip())
        for (start, heading, level), end in zip(starts, ends, strict=True)
    ]
    return [each for each in sections if each.heading or each.text]


def without_marks(text: str) -> str:
    """Return a line of Markdown as plain words on one line."""
    return " ".join(_MARKS.sub("", text).split())


def _lists(text: str) -> Iterator[list[str]]:
    """Yield the lists of two items or more; a line that goes on from an item does not end its list."""
    items: list[str] = []
    for line in (*_plain_lines(text), ""):
        if items and line[:1].isspace() and line.strip() and not _STEP.match(line):
            items[-1] += " " + line.strip()
            continue
        goes_on = _STEP.match(line) and bool(_NUMBERED.match(line)) == bool(items and _NUMBERED.match(items[0]))
        if items and not goes_on:
            if len(items) >= _MIN_STEPS:
                yield items
            items = []
        if _STEP.match(line):
            items.append(line)


def _plain_lines(text: str) -> Iterator[str]:
    """Yield the lines that are not code, without the empty ones."""
    lines: list[TextLine] = text_lines(text)
    yield from (text[line.start : line.end] for line in lines if not line.is_code)
