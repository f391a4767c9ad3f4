"""Texts made of messages: a question as title with the answers under it, each known by the message it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.types import LessonPart

_TITLE = "# "
_GAP = "\n\n"


@dataclass(frozen=True, slots=True)
class MessageWords:
    """What a message says in a lesson; ``person`` is a pseudonym of its author."""

    key: str
    person: str
    text: str


@dataclass(frozen=True, slots=True)
class LessonText:
    """A text and its parts, in order. The words of a part are ``text[part.start:part.end]``."""

    text: str
    parts: tuple[LessonPart, ...]

    @classmethod
    def of(cls, question: MessageWords | None, answers: Iterable[MessageWords]) -> LessonText:
        """Return a question in one line and its answers as a text; without a question, the answers alone."""
        text, parts = "", []
        if question is not None:
            line = " ".join(question.text.split())
            parts.append(LessonPart(question.key, question.person, True, len(_TITLE), len(_TITLE) + len(line)))
            text = f"{_TITLE}{line}"
        for answer in answers:
            text += _GAP if text else ""
            words = answer.text.strip()
            parts.append(LessonPart(answer.key, answer.person, False, len(text), len(text) + len(words)))
            text += words
        return cls(f"{text}\n", tuple(parts))

    @property
    def question(self) -> str:
        """Return the words of its question; empty where it has none."""
        return next((self.words(part) for part in self.parts if part.is_question), "")

    @property
    def answer(self) -> str:
        """Return the words of its answers."""
        return _GAP.join(self.words(part) for part in self.parts if not part.is_question)

    def words(self, part: LessonPart) -> str:
        """Return the words of a part."""
        return self.text[part.start : part.end]

    def extended(self, answer: MessageWords) -> LessonText:
        """Return the text with another answer at its end; a message that has a part already is not added again."""
        if any(part.key == answer.key for part in self.parts):
            return self
        body, words = self.text.rstrip("\n") + _GAP, answer.text.strip()
        part = LessonPart(answer.key, answer.person, False, len(body), len(body) + len(words))
        return LessonText(f"{body}{words}\n", (*self.parts, part))

    def reworded(self, key: str, words: str) -> LessonText:
        """Return the text with other words of a message."""
        part = next(part for part in self.parts if part.key == key)
        return self._spliced(part.start, part.end, words, replace(part, end=part.start + len(words)))

    def without(self, key: str) -> LessonText | None:
        """Return the text without the words of a message; ``None`` where no question, or no answer, would be left."""
        part = next(part for part in self.parts if part.key == key)
        left = [each for each in self.parts if each.key != key]
        if part.is_question or all(each.is_question for each in left):
            return None
        start = len(self.text[: part.start].rstrip())
        if not start:  # the first words of a text without a question
            return self._spliced(0, len(self.text) - len(self.text[part.end :].lstrip()), "", None)
        return self._spliced(start, part.end, "", None)

    def _spliced(self, start: int, end: int, words: str, changed: LessonPart | None) -> LessonText:
        """Return the text with ``words`` in place of a range, which is ``changed`` now, and the later parts moved."""
        shift = len(words) - (end - start)
        parts = []
        for part in self.parts:
            if start <= part.start < max(end, start + 1):
                parts += [changed] if changed is not None else []
            else:
                moved = shift if part.start >= end else 0
                parts.append(replace(part, start=part.start + moved, end=part.end + moved))
        return LessonText(self.text[:start] + words + self.text[end:], tuple(parts))
