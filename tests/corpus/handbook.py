"""A handbook of made-up words, each of them once, so that where a word is found says what it stands under."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from core.knowledge.extract import extract
from core.retrieval.chunk import chunk

_SYLLABLES = re.findall(r"\w+", "ba lo mi té ção ru pê na vi so ga dór fe lha xu zi que tam ner pol")


@dataclass(frozen=True, slots=True)
class HandbookSection:
    """A section; ``nested`` are the items below the last of ``items``; the first row of ``table`` is its header."""

    heading: str
    paragraph: str
    items: tuple[str, ...]
    nested: tuple[str, ...]
    table: tuple[tuple[str, ...], ...]

    def words(self) -> list[str]:
        """Return every word of the section, without its heading."""
        cells = [cell for row in self.table for cell in row]
        return [
            word.strip(".") for each in (self.paragraph, *self.items, *self.nested, *cells) for word in each.split()
        ]


@dataclass(frozen=True, slots=True)
class Handbook:
    """A title and sections."""

    title: str
    sections: tuple[HandbookSection, ...]


def handbook(n_sections: int = 6, seed: int = 7) -> Handbook:
    """Return a handbook, the same for the same arguments."""
    draw = random.Random(seed)
    used: set[str] = set()

    def word() -> str:
        while True:
            made = "".join(draw.choices(_SYLLABLES, k=draw.randint(3, 5)))
            if made not in used:
                used.add(made)
                return made

    def words(n: int) -> str:
        return " ".join(word() for _ in range(n))

    def section() -> HandbookSection:
        sentences = " ".join(f"{words(9).capitalize()}." for _ in range(12))
        table = tuple(tuple(word() for _ in range(3)) for _ in range(4))
        return HandbookSection(words(2), sentences, (words(5), words(4)), (words(3), words(3)), table)

    return Handbook(words(2), tuple(section() for _ in range(n_sections)))


def share_found(book: Handbook, write: Callable[[Handbook], bytes], name: str, *, is_sectioned: bool = True) -> float:
    """Return the share of the words that are found under their section's heading, once written and read again.

    Unless ``is_sectioned``, the share that is found at all: the format has no headings.
    """
    found = extract(write(book), name)
    under: dict[str, list[str]] = {}
    for piece in chunk(found.text, kind=found.kind):
        heading = piece.heading.lower() if is_sectioned else ""
        for each in _cleaned(piece.text).split():
            under.setdefault(each, []).append(heading)
    n_found, n_words = 0, 0
    for section in book.sections:
        for each in section.words():
            n_words += 1
            wanted = section.heading if is_sectioned else ""
            n_found += any(wanted in heading for heading in under.get(each.lower(), ()))
    return n_found / n_words


def _cleaned(text: str) -> str:
    return "".join(" " if character in ".:;|,`#*()[]\"'{}" else character for character in text.lower())
