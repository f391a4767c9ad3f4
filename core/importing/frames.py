"""How the sandbox of ``core.importing.process`` tells what an export holds: JSON in the body of its reply.

What comes from a sandbox is checked, because hostile bytes may have taken it over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, TypeVar, get_args

from core.importing.formats.chat_export import ExportFormat
from core.importing.lesson import Lesson, LessonKind
from core.importing.survey import MAX_LESSONS, ExportSurvey
from core.privacy.personal_data import Kind as PersonalDataKind
from core.sandbox.frames import Frame, MalformedFrame
from core.types import LANGUAGES, LessonPart
from core.types.exported_message import ExportedMessage, Reactions

T = TypeVar("T")

MAX_TEXT_CHARS = 20_000
"""The most characters of a lesson's text."""


def encode_survey(survey: ExportSurvey) -> Frame:
    """Return a survey as a frame."""
    values = {
        "name": survey.name,
        "format": survey.format,
        "n_messages": survey.n_messages,
        "n_people": survey.n_people,
        "first": _iso(survey.first),
        "last": _iso(survey.last),
        "is_cut": survey.is_cut,
        "lessons": list(map(_values, survey.lessons)),
    }
    return Frame({}, json.dumps(values, ensure_ascii=False).encode("utf-8", "replace"))


def decode_survey(frame: Frame) -> ExportSurvey:
    """Return the survey that a frame holds. Raises ``MalformedFrame`` when it holds none."""
    try:
        values = json.loads(frame.body)
        return ExportSurvey(
            name=_text(values["name"]),
            format=_one_of(get_args(ExportFormat), values["format"]),
            n_messages=int(values["n_messages"]),
            n_people=int(values["n_people"]),
            first=_moment(values["first"]),
            last=_moment(values["last"]),
            is_cut=bool(values["is_cut"]),
            lessons=tuple(_lesson(each) for each in values["lessons"][:MAX_LESSONS]),
        )
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise MalformedFrame(f"no survey: {error!r}") from None


def _values(lesson: Lesson) -> dict[str, Any]:
    return asdict(lesson) | {"said_at": _iso(lesson.said_at)}


def encode_lessons(lessons: Sequence[Lesson]) -> Frame:
    """Return lessons as a frame."""
    return Frame({}, json.dumps(list(map(_values, lessons)), ensure_ascii=False).encode("utf-8", "replace"))


def decode_lessons(frame: Frame) -> tuple[Lesson, ...]:
    """Return the lessons that a frame holds. Raises ``MalformedFrame`` when it holds none."""
    try:
        return tuple(map(_lesson, json.loads(frame.body)[:MAX_LESSONS]))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise MalformedFrame(f"no lessons: {error!r}") from None


def encode_messages(messages: Sequence[ExportedMessage]) -> bytes:
    """Return messages as the body of a request."""
    values = [asdict(message) | {"said_at": message.said_at.isoformat()} for message in messages]
    return json.dumps(values, ensure_ascii=False).encode("utf-8", "replace")


def decode_messages(body: bytes) -> list[ExportedMessage]:
    """Return the messages of ``encode_messages``."""
    return list(map(read_message, json.loads(body)))


def read_message(values: Mapping[str, Any]) -> ExportedMessage:
    """Return a message of its fields as JSON has them."""
    lists = {name: tuple(values[name]) for name in ("roles", "mentions", "attachments")}
    reactions = tuple(Reactions(**each) for each in values["reactions"])
    said_at = datetime.fromisoformat(values["said_at"])
    return ExportedMessage(**{**values, **lists, "reactions": reactions, "said_at": said_at})


def _lesson(values: Mapping[str, Any]) -> Lesson:
    kinds = get_args(PersonalDataKind)
    return Lesson(
        kind=_one_of(get_args(LessonKind), values["kind"]),
        title=_text(values["title"]),
        text=_text(values["text"]),
        url=_text(values["url"]),
        channel=_text(values["channel"]),
        parts=tuple(map(_part, values["parts"])),
        score=float(values["score"]),
        language=_one_of(LANGUAGES, values["language"]),
        personal=tuple(_one_of(kinds, each) for each in values["personal"]),
        said_at=_moment(values["said_at"]),
    )


def _part(values: Mapping[str, Any]) -> LessonPart:
    start, end = int(values["start"]), int(values["end"])
    if not 0 <= start <= end:
        raise ValueError("a part that is none")
    return LessonPart(_text(values["key"]), _text(values["person"]), bool(values["is_question"]), start, end)


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT_CHARS:
        raise ValueError("no text, or too long a one")
    return value.encode("utf-8", "replace").decode()


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _moment(value: object) -> datetime | None:
    return None if value is None else datetime.fromisoformat(_text(value))


def _one_of(known: tuple[T, ...], value: object) -> T:
    for each in known:
        if each == value:
            return each
    raise ValueError(f"{value!r} is none of {known}")
