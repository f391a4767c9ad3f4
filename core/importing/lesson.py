"""What an export teaches: one text, where it was said and by whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.privacy.personal_data import Kind as PersonalDataKind
from core.types import Language, LessonPart

LessonKind = Literal["solved", "announcement", "pinned", "howto"]


@dataclass(frozen=True, slots=True)
class LessonWords:
    """What one message says in a lesson; of a question, the sentences that became its title."""

    key: str
    author: str
    text: str
    is_question: bool = False


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question with the answer that settled it, an announcement, a pinned message, or a how-to.

    ``url`` is the permalink of the answer, or of the message. ``said`` are the messages it was made of, ``parts`` the
    places of their words in it, once mentions are removed. ``score`` says how sure it is that it teaches, 0..1.
    ``personal`` are the kinds of secrets and personal data in it. ``said_at`` is when the last of its messages was.
    """

    kind: LessonKind
    title: str
    text: str
    url: str
    channel: str
    score: float
    said: tuple[LessonWords, ...] = ()
    parts: tuple[LessonPart, ...] = ()
    language: Language = "en"
    personal: tuple[PersonalDataKind, ...] = ()
    said_at: datetime | None = None

    @property
    def authors(self) -> tuple[str, ...]:
        """Return those whose words it has."""
        return tuple(dict.fromkeys([*(each.author for each in self.said), *(part.person for part in self.parts)]))
