"""Quiz questions: a sentence of a document with one figure left out, among figures like it (cloze; no model needed)."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.errors import BadInput
from core.markdown import fences
from core.offload import offload
from core.retrieval.sentences import sentences
from core.services.quiz import QuizQuestion, QuizVerdict
from core.storage.documents import Documents
from core.types import Document, Scope

N_OPTIONS = 4
N_TRIED = 8
"""Documents looked into, at random, before saying that nothing has a figure."""

MIN_WORDS, MAX_CHARS = 6, 300
"""Shorter sentences tell too little to guess by, and longer ones are not read."""

MAX_TEXT_CHARS = 200_000
"""Characters of a document that are looked at; what comes after asks no questions."""

_FIGURE = re.compile(r"(?<![\w.,:/-])\d{1,6}(?:[.,:h]\d{1,3})?(?![\w/-]|[.,:]\d)")
"""A number, price or time of day that stands alone: no part of a date, version, range or identifier."""

_TIME = re.compile(r"(\d{1,2})([:h])(\d{2})")
_DIGITS = re.compile(r"\d{1,6}")


@dataclass(frozen=True, slots=True)
class QuizService:
    """Quiz questions of every space. ``chance`` picks documents, figures and the order of options."""

    documents: Documents
    chance: random.Random

    def of(self, scope: Scope) -> SpaceQuiz:
        """Return the quiz of a scope."""
        return SpaceQuiz(self, scope)


@dataclass(frozen=True, slots=True)
class SpaceQuiz:
    """The quiz of one scope (``core.services.QuizPort``)."""

    _service: QuizService
    _scope: Scope

    async def question(self) -> QuizQuestion:
        """Return a question about the community's documents. Raises ``BadInput`` when nothing in them has a figure."""
        known = await self._documents()
        chance = self._service.chance
        for document in chance.sample(known, min(N_TRIED, len(known))):
            text = await self._service.documents.text(document.space, document.id) or ""
            if (asked := await offload(quiz_question, document, text[:MAX_TEXT_CHARS], chance)) is not None:
                return asked
        raise BadInput("quiz.nothing")

    async def check(self, document_id: int, start: int, end: int, given: str) -> QuizVerdict:
        """Compare a figure with the one left out. Raises ``BadInput`` when the document is gone or has changed."""
        document = next((each for each in await self._documents() if each.id == document_id), None)
        if document is None:
            raise BadInput("quiz.stale")
        text = (await self._service.documents.text(document.space, document_id) or "")[:MAX_TEXT_CHARS]
        if (found := await offload(_figure_at, text, start, end)) is None:
            raise BadInput("quiz.stale")
        sentence, answer = found
        return QuizVerdict(answer == given, answer, " ".join(sentence.split()), document.title)

    async def _documents(self) -> list[Document]:
        return [each for space in self._scope.community for each in await self._service.documents.list(space)]


def quiz_question(document: Document, text: str, chance: random.Random) -> QuizQuestion | None:
    """Return a question about a text; ``None`` when no sentence of it has a figure. Blocks."""
    figures = list(_figures(text))
    if not figures:
        return None
    sentence_start, sentence_end, start, end = chance.choice(figures)
    answer = text[start:end]
    found = dict.fromkeys(text[first:last] for _, _, first, last in figures)
    alike = [each for each in found if each != answer and _shape(each) == _shape(answer)]
    wrong = [*chance.sample(alike, min(N_OPTIONS - 1, len(alike))), *_near(answer)]
    options = [answer, *dict.fromkeys(each for each in wrong if each != answer)][:N_OPTIONS]
    return QuizQuestion(
        document.id,
        document.title,
        " ".join(text[sentence_start:start].split()),
        " ".join(text[end:sentence_end].split()),
        start,
        end,
        tuple(chance.sample(options, len(options))),
    )


def _figures(text: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield the offsets of each sentence that can be asked about, and of each figure in it."""
    code = [(fence.start, fence.end) for fence in fences(text)]
    for sentence in sentences(text):
        shown = text[sentence.start : sentence.end]
        while code and code[0][1] <= sentence.start:
            code.pop(0)
        if code and code[0][0] < sentence.end:
            continue
        if len(shown) > MAX_CHARS or len(shown.split()) < MIN_WORDS or "`" in shown or "|" in shown:
            continue
        for match in _FIGURE.finditer(shown):
            if match.start():  # a number that begins a sentence is its number in a list
                yield sentence.start, sentence.end, sentence.start + match.start(), sentence.start + match.end()


def _figure_at(text: str, start: int, end: int) -> tuple[str, str] | None:
    """Return the sentence and the figure at these offsets; ``None`` when there is none any more. Blocks."""
    for sentence_start, sentence_end, figure_start, figure_end in _figures(text):
        if (figure_start, figure_end) == (start, end):
            return text[sentence_start:sentence_end], text[start:end]
    return None


def _shape(figure: str) -> str:
    return _DIGITS.sub("9", figure)


def _near(figure: str) -> Sequence[str]:
    """Return figures near this one and written like it."""
    if time := _TIME.fullmatch(figure):
        hour, sign, minutes = int(time[1]), time[2], time[3]
        return [f"{(hour + more) % 24}{sign}{minutes}" for more in (1, 2, 23, 3)]
    whole = _DIGITS.match(figure)
    number, rest = (int(whole[0]), figure[whole.end() :]) if whole else (0, figure)
    return [f"{each}{rest}" for each in (number + 1, number + 2, number * 2 + 1, max(0, number - 1), number + 5)]
