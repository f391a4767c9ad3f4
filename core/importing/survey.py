"""Reading one export from end to end: how much was said, and what of it teaches. Blocks; runs in a sandbox."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from core.control_characters import without_controls
from core.importing.conversations import ConversationSplitter
from core.importing.formats.chat_export import ChatExport, ExportFormat
from core.importing.lesson import Lesson
from core.importing.single_messages import single_lesson
from core.importing.solved_questions import SolvedQuestionFinder
from core.importing.speech_acts import content_terms, is_helper_role
from core.language import detect_language
from core.privacy.personal_data import find, without_mentions
from core.types import Language, LessonPart
from core.types.exported_message import ExportedMessage, ExportEvent, PinNotice

MAX_LESSONS = 20_000
"""The most lessons of one export, those with the highest scores."""

MAX_TEXT_CHARS = 10_000
"""What a message has beyond this is left out."""

_N_RECENT = 50_000
"""Messages that a later pin finds."""

_MAX_KEYS = 5_000_000
"""Messages whose keys are remembered, so that one that is there twice counts once."""


@dataclass(frozen=True, slots=True)
class ExportSurvey:
    """What an export holds. ``first`` and ``last`` are the times of its messages, ``None`` where it has none.

    ``is_cut``: it ends before its end. ``lessons`` are in the order of the export, each question once.
    """

    name: str
    format: ExportFormat
    n_messages: int
    n_people: int
    first: datetime | None
    last: datetime | None
    is_cut: bool
    lessons: tuple[Lesson, ...]


def survey_export(
    path: Path, since: datetime | None = None, roles: Collection[str] = (), hint: Language = "en"
) -> ExportSurvey:
    """Read an export, from ``since`` on where given. Members with one of ``roles`` are believed, beside helpers.

    ``hint`` is the language of texts too short to tell. Raises ``BadInput`` when it is no export, or cannot be read.
    """
    export = ChatExport(path)
    reading = _Reading(export.events(), since)
    lessons = _lessons_of(reading, roles)
    return ExportSurvey(
        name=export.name,
        format=export.format,
        n_messages=reading.n_messages,
        n_people=len(reading.people),
        first=reading.first,
        last=reading.last,
        is_cut=export.is_cut,
        lessons=tuple(_cleaned(lesson, hint) for lesson in lessons.best()),
    )


def survey_messages(
    messages: Iterable[ExportedMessage], roles: Collection[str] = (), hint: Language = "en"
) -> tuple[Lesson, ...]:
    """Return what messages of one place teach, given in the order they were said; the rest is as in ``survey_export``.

    What is pinned among them says so itself.
    """
    lessons = _lessons_of(_Reading(messages, None), roles)
    return tuple(_cleaned(lesson, hint) for lesson in lessons.best())


def _lessons_of(reading: _Reading, roles: Collection[str]) -> _Lessons:
    wanted = frozenset(role.casefold() for role in roles)
    finder = SolvedQuestionFinder(lambda role: role.casefold() in wanted or is_helper_role(role))
    lessons = _Lessons()
    splitter = ConversationSplitter()
    for message in reading.messages():
        if (lesson := single_lesson(message)) is not None:
            lessons.add(lesson)
        for conversation in splitter.add(message):
            lessons.add(finder.find(conversation))
        for pinned in reading.take_pinned():
            lessons.add(single_lesson(pinned))
    for conversation in splitter.close():
        lessons.add(finder.find(conversation))
    for pinned in reading.take_pinned():
        lessons.add(single_lesson(pinned))
    return lessons


class _Reading:
    """Messages, each once, and what is counted on the way."""

    def __init__(self, events: Iterable[ExportEvent], since: datetime | None) -> None:
        self._events, self._since = events, since
        self._recent: OrderedDict[str, ExportedMessage] = OrderedDict()
        self._pinned: list[ExportedMessage] = []
        self._keys: set[int] = set()
        self.people: set[str] = set()
        self.n_messages = 0
        self.first: datetime | None = None
        self.last: datetime | None = None

    def messages(self) -> Iterator[ExportedMessage]:
        for event in self._events:
            if isinstance(event, PinNotice):
                if (pinned := self._recent.pop(event.key, None)) is not None:
                    self._pinned.append(replace(pinned, is_pinned=True))
            elif self._is_new(event):
                event = replace(event, text=without_controls(event.text[:MAX_TEXT_CHARS]))
                self._count(event)
                if event.text.strip():
                    yield event

    def take_pinned(self) -> list[ExportedMessage]:
        """Return the messages that were pinned since the last call."""
        taken, self._pinned = self._pinned, []
        return taken

    def _is_new(self, message: ExportedMessage) -> bool:
        if self._since is not None and message.said_at < self._since:
            return False
        key = hash(message.key)
        if key in self._keys:
            return False
        if len(self._keys) < _MAX_KEYS:
            self._keys.add(key)
        return True

    def _count(self, message: ExportedMessage) -> None:
        self.n_messages += 1
        self.people.add(message.author)
        self.first = min(self.first or message.said_at, message.said_at)
        self.last = max(self.last or message.said_at, message.said_at)
        self._recent[message.key] = message
        if len(self._recent) > _N_RECENT:
            self._recent.popitem(last=False)


class _Lessons:
    """Lessons found so far; of several with the same telling words in their titles the best is kept, or the latest."""

    def __init__(self) -> None:
        self._by_title: dict[frozenset[str], Lesson] = {}
        self._taught: set[str] = set()

    def add(self, lesson: Lesson | None) -> None:
        if lesson is None:
            return
        if lesson.kind != "solved" and lesson.url in self._taught:
            return
        title = content_terms(lesson.title) or frozenset((lesson.url,))
        known = self._by_title.get(title)
        if known is None or lesson.score >= known.score:
            self._by_title[title] = lesson
        if lesson.kind != "solved":
            self._taught.add(lesson.url)

    def best(self) -> list[Lesson]:
        """Return the lessons in the order they were found, those with the lowest scores left out where too many."""
        found = list(self._by_title.values())
        if len(found) <= MAX_LESSONS:
            return found
        limit = sorted((lesson.score for lesson in found), reverse=True)[MAX_LESSONS]
        return [lesson for lesson in found if lesson.score > limit][:MAX_LESSONS]


def _cleaned(lesson: Lesson, hint: Language) -> Lesson:
    """Return a lesson without mentions, with its language and the personal data in it."""
    kinds = tuple(dict.fromkeys(span.kind for span in find(lesson.text)))
    text = without_mentions(lesson.text)
    language = detect_language(text, hint)
    title = without_mentions(lesson.title)
    return replace(
        lesson, title=title, text=text, said=(), parts=_parts(lesson, text), language=language, personal=kinds
    )


def _parts(lesson: Lesson, text: str) -> tuple[LessonPart, ...]:
    """Return where the words of each message are in a lesson's text; at its end, without words, where they are cut."""
    parts, place = [], 0
    for said in lesson.said:
        words = without_mentions(said.text)
        start = text.find(words, 0 if said.is_question else place) if words else -1
        start, end = (len(text), len(text)) if start < 0 else (start, start + len(words))
        parts.append(LessonPart(said.key, said.author, said.is_question, start, end))
        place = end if start < len(text) else place
    return tuple(parts)
