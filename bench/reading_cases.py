"""What a reader learns from: questions of labelled sets beside windows of passages that answer them, and that do not.

Beside a window that holds the answer there are contrasts within the same question: the same passage with the answering
sentences cut out, its other windows, and what the search found. An unanswerable question has the latter alone.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bench.labelled import LabelledIndex, indexed
from core.evaluation.dataset import LabelledQuestion, LabelledSet
from core.experiments.search_eval import SPACE
from core.ports import Embedder
from core.retrieval.reading.passage_reader import N_WINDOWS
from core.retrieval.reading.reading_searcher import N_READ, NATS_PER_LOG_ODDS
from core.retrieval.reading.windows import Window, windows_of, windows_to_read
from core.retrieval.sentences import sentences
from core.types import Passage, SearchResult

LOWEST = -6.0
"""Standing of what the search did not find."""

MAX_OF_SET = 200
"""Questions of one set that are learned from, drawn at random."""

LEARNED_KINDS = ("removed_topic", "off_topic")
"""Kinds of unanswerable questions that a search tells: not learned from."""

_LEAST_CHARS, _LEAST_SHARE = 40, 0.5
"""A window holds an answer when it holds so many characters of the quote, or this share of it."""

_WORD = re.compile(r"\w+")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ShownWindow:
    """A window with the places in its body that answer, and how far below the first the search put its passage.

    ``standing`` is in log-odds, 0 for the first.
    """

    window: Window
    marked: tuple[Span, ...] = ()
    standing: float = LOWEST


@dataclass(slots=True)
class ReadingCase:
    """A question and the windows it is read beside: ``gold`` answers, ``cut``, ``same`` and ``near`` do not."""

    origin: str
    topic: str
    collection: str
    text: str
    answerable: bool
    gold: list[ShownWindow] = field(default_factory=list)
    cut: list[ShownWindow] = field(default_factory=list)
    same: list[ShownWindow] = field(default_factory=list)
    near: list[ShownWindow] = field(default_factory=list)

    @property
    def windows(self) -> Iterator[Window]:
        """Yield every window."""
        yield from (each.window for each in (*self.gold, *self.cut, *self.same, *self.near))


async def reading_cases(data: LabelledSet, embedder: Embedder, seed: int = 0) -> list[ReadingCase]:
    """Return what is learned from a set, every collection indexed by itself."""
    cases = []
    for part in data.collections():
        wanted = [each for each in part.questions if each.kind not in LEARNED_KINDS]
        async with indexed(part.documents, embedder) as index:
            passages = await _passages(index, embedder)
            for question in random.Random(seed).sample(wanted, min(MAX_OF_SET, len(wanted))):
                found = await index.search(question.text)
                case = _case(data.name, part.name, question, found, passages, index.names)
                if case is not None:
                    cases.append(case)
    return cases


async def _passages(index: LabelledIndex, embedder: Embedder) -> Sequence[Passage]:
    changes = await index.passages.changes(SPACE, 0, embedder.id)
    return await index.passages.passages(SPACE, changes.added)


def _case(
    origin: str,
    collection: str,
    question: LabelledQuestion,
    found: SearchResult,
    passages: Sequence[Passage],
    names: Mapping[int, Sequence[str]],
) -> ReadingCase | None:
    """Return a question's windows; ``None`` where it is answerable and no window is known to answer it."""
    case = ReadingCase(origin, question.topic, collection, question.text, question.answerable)
    top = max((hit.score for hit in found.hits), default=0.0)
    standings = {hit.passage.id: max(LOWEST, (hit.score - top) / NATS_PER_LOG_ODDS) for hit in found.hits}
    related = [each for each in passages if any(question.relevance.get(n, 0) > 0 for n in names[each.document_id])]
    answering = {}
    for passage in passages if question.quotes else related:
        marks = tuple(marked_spans(question, passage.text))
        if marks:
            answering[passage.id] = marks
            _add_answering(case, passage, marks, standings.get(passage.id, LOWEST))
    if question.answerable and not case.gold:
        return None
    untold = set() if question.quotes else {each.id for each in related}  # perhaps they answer in other words
    asked = {prefix for term in found.question.terms for prefix in term.prefixes}
    for hit in found.hits[:N_READ]:
        if hit.passage.id not in answering and hit.passage.id not in untold:
            chosen = windows_to_read(hit.passage, asked, N_WINDOWS)
            case.near += [ShownWindow(window, (), standings[hit.passage.id]) for window in chosen]
    return case


def marked_spans(question: LabelledQuestion, text: str) -> Iterator[Span]:
    """Yield where a text answers: its quotes, whole or in part; without any, the likeliest sentence with an answer."""
    for quote in question.quotes:
        whole = list(_found(quote, text))
        yield from whole or _sentences_within(quote, text)
    if not question.quotes:
        yield from _likeliest(question, text)


def _found(quote: str, text: str) -> Iterator[Span]:
    words = quote.split()
    if words:
        yield from (match.span() for match in re.finditer(r"\s+".join(map(re.escape, words)), text))


def _sentences_within(quote: str, text: str) -> Iterator[Span]:
    """Yield the sentences that are a part of a quote, where a chunk cuts it."""
    plain = " ".join(quote.split())
    for span in sentences(text):
        if span.end - span.start > 20 and " ".join(text[span.start : span.end].split()) in plain:
            yield span.start, span.end


def _likeliest(question: LabelledQuestion, text: str) -> Iterator[Span]:
    asked = set(_WORD.findall(question.text.casefold()))
    answers = [answer.casefold() for answer in question.answers if answer]
    held = [
        (len(asked & set(_WORD.findall(sentence))), -span.start, span.end)
        for span in sentences(text)
        if any(answer in (sentence := text[span.start : span.end].casefold()) for answer in answers)
    ]
    if held:
        _, start, end = max(held)
        yield -start, end


def _add_answering(case: ReadingCase, passage: Passage, marks: Sequence[Span], standing: float) -> None:
    whole = max(end - start for start, end in marks)
    for window in windows_of(passage):
        end_of_window = window.start + len(window.body)
        inside = tuple(
            (max(start, window.start) - window.start, min(end, end_of_window) - window.start)
            for start, end in marks
            if start < end_of_window and end > window.start
        )
        if not inside:
            case.same.append(ShownWindow(window, (), standing))
        elif max(end - start for start, end in inside) >= min(_LEAST_CHARS, _LEAST_SHARE * whole):
            case.gold.append(ShownWindow(window, inside, standing))
    case.cut += [ShownWindow(window, (), standing) for window in _without(passage, marks)]


def _without(passage: Passage, marks: Sequence[Span]) -> Iterator[Window]:
    """Yield the windows around what was cut out, of the passage without its answering sentences."""
    kept, places, n_chars = [], [], 0
    for span in sentences(passage.text):
        if any(start < span.end and end > span.start for start, end in marks):
            places.append(n_chars)
        else:
            kept.append(passage.text[span.start : span.end])
            n_chars += len(kept[-1]) + 1
    for window in windows_of(replace(passage, text="\n".join(kept))):
        if any(window.start - 2 <= place <= window.start + len(window.body) + 2 for place in places):
            yield window
