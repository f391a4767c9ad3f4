"""Situations to fit and judge the gate on, drawn from labelled sets: big corpora, small ones, and short notes.

A community's notes are few and short, a benchmark's corpus is neither. So besides each whole set there are draws of
1 to 100 of its documents (half of them neighbours, whose questions are near misses for each other), and of notes of
two sentences each, cut out of documents whose answers are literal.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from core.evaluation.dataset import LabelledDocument, LabelledQuestion, LabelledSet
from core.retrieval.sentences import sentences

DRAWS = {1: 40, 3: 40, 10: 24, 30: 10, 100: 4}
"""How many corpora of each size are drawn from a set."""

NOTE_DRAWS = {1: 40, 3: 40, 10: 24, 30: 10}

T = TypeVar("T")

_LITERAL_SHARE = 0.5
"""A set's answers are literal when at least this share of them stands in their documents."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A corpus and questions to ask of it, each with whether it can be answered from it. ``size`` 0: the whole set."""

    name: str
    size: int
    documents: Sequence[LabelledDocument]
    questions: Sequence[tuple[LabelledQuestion, bool]]


def scenarios(data: LabelledSet, seed: int = 0) -> Iterator[Scenario]:
    """Yield the whole set, then draws from it, then draws from its notes."""
    yield Scenario(data.name, 0, data.documents, [(question, question.answerable) for question in data.questions])
    draw = random.Random(seed)
    yield from _draws(data, DRAWS, draw)
    if notes := _notes(data):
        yield from _draws(notes, NOTE_DRAWS, draw)


def _draws(data: LabelledSet, sizes: dict[int, int], draw: random.Random) -> Iterator[Scenario]:
    answerable = [question for question in data.questions if question.answerable]
    others = [question for question in data.questions if not question.answerable]
    for size, n_draws in sizes.items():
        for number in range(n_draws):
            documents = _some(data.documents, size, number % 2 == 0, draw)
            ids = {document.id for document in documents}
            inside = [q for q in answerable if ids.intersection(q.relevance)]
            outside = [q for q in answerable if not ids.intersection(q.relevance)]
            near = [q for q in outside if q.topic in {other.topic for other in inside}]
            inside = _sample(inside, max(12, size // 2), draw)
            third = max(6, len(inside)) // 3
            missing = _sample(near, third, draw) + _sample(outside, third, draw) + _sample(others, third, draw)
            labelled = [(question, True) for question in inside] + [(question, False) for question in missing]
            yield Scenario(data.name, size, documents, labelled)


def _some(
    documents: Sequence[LabelledDocument], size: int, neighbours: bool, draw: random.Random
) -> list[LabelledDocument]:
    if not neighbours:
        return _sample(documents, size, draw)
    first = draw.randrange(len(documents))
    return [documents[(first + offset) % len(documents)] for offset in range(min(size, len(documents)))]


def _sample(items: Sequence[T], n: int, draw: random.Random) -> list[T]:
    return draw.sample(items, min(n, len(items)))


def _notes(data: LabelledSet) -> LabelledSet | None:
    """Return the set cut into notes of two sentences, an answerable question's being those that hold its answer.

    ``None`` where answers are not literal, so that nobody could tell which note that is.
    """
    notes = {document.id: list(_cut(document)) for document in data.documents}
    questions = []
    n_literal = 0
    for question in data.questions:
        if question.answerable:
            of_document = [note for id_ in question.relevance for note in notes.get(id_, [])]
            holding = {note.id: 1 for note in of_document if any(a in note.text for a in question.answers if a)}
            n_literal += bool(holding)
            if not holding:
                continue
            question = replace(question, relevance=holding)
        questions.append(question)
    if n_literal < _LITERAL_SHARE * sum(question.answerable for question in data.questions):
        return None
    documents = tuple(note for of_document in notes.values() for note in of_document)
    return LabelledSet(f"{data.name}/notes", documents, tuple(questions))


def _cut(document: LabelledDocument) -> Iterator[LabelledDocument]:
    spans = sentences(document.text)
    for first in range(0, len(spans), 2):
        pair = spans[first : first + 2]
        text = document.text[pair[0].start : pair[-1].end]
        yield LabelledDocument(f"{document.id}~{first}", document.title, text)
