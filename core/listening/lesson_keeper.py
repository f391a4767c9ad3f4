"""Edits, deletions and erasure reach what was learned of messages: documents, proposals and texts that wait.

A deleted message is cut out of its text; a text without its question, or without an answer, goes altogether. Edited
words replace the old ones, in a document at once where their author's replies teach at once, else through review.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from core.curation.lesson_text import LessonText
from core.errors import BadInput
from core.importing.speech_acts import asking_sentences
from core.knowledge.review import ReviewService
from core.listening.trust import TrustService
from core.offload import offload
from core.privacy.personal_data import find, without_mentions
from core.storage.curation.chat_lessons import ChatLesson, ChatLessons, NewChatLesson
from core.storage.curation.consents import Consents
from core.storage.curation.proposals import NewProposal
from core.storage.document_writes import NewDocument
from core.types import HeardMessage, LessonPart, Proposal, SpaceId

log = logging.getLogger(__name__)

MAX_QUESTION_CHARS = 400
MAX_EXCERPT_CHARS = 300

LessonState = Literal["held", "proposed", "known"]


@dataclass(frozen=True, slots=True)
class CurrentLesson:
    """A lesson as it is now: waiting for consent, waiting for review, or a document."""

    lesson: ChatLesson
    state: LessonState
    document: NewDocument
    proposal: Proposal | None = None

    @property
    def text(self) -> LessonText:
        """Return its text with its parts."""
        return LessonText(self.document.text, self.lesson.parts)


@dataclass(frozen=True, slots=True)
class LessonKeeper:
    """Changes and removes what was learned of messages, in any space."""

    lessons: ChatLessons
    consents: Consents
    reviews: ReviewService
    trust: TrustService

    async def current(self, lesson: ChatLesson) -> CurrentLesson | None:
        """Return a lesson as it is now; ``None`` where its text is gone, or is another by now."""
        held = await self.consents.named(lesson.space, lesson.name)
        waiting = await self.reviews.proposals.waiting_named(lesson.space, lesson.name)
        proposed = await self.reviews.proposals.document(lesson.space, waiting.id) if waiting else None
        known = await self.reviews.documents.named(lesson.space, lesson.name)
        states: tuple[tuple[LessonState, NewDocument | None], ...] = (
            ("held", held.new if held else None),
            ("proposed", proposed),
            ("known", known),
        )
        for state, document in states:
            if document is not None and document.content_hash == lesson.content_hash:
                return CurrentLesson(lesson, state, document, waiting if state == "proposed" else None)
        return None

    async def edit(self, heard: HeardMessage) -> None:
        """Take over the new words of a message that something was learned of."""
        message = heard.message
        for lesson in await self.lessons.of_message(message.space, message.key):
            current, part = await self.current(lesson), lesson.part(message.key)
            if current is None or part is None:
                continue
            words = await offload(_words, part, message.text)
            if words == current.text.words(part):
                continue
            secrets = await offload(find, words)
            if not words or secrets or part.start == part.end:  # of words that were cut, the place is not known
                await self._cut(current, message.key)
            else:
                text = current.text.reworded(message.key, words)
                await self.rewrite(current, text, is_sure=await self._teaches_at_once(lesson, heard))

    async def delete(self, space: SpaceId, key: str) -> None:
        """Forget the words of a message that was deleted."""
        for lesson in await self.lessons.of_message(space, key):
            current = await self.current(lesson)
            if current is None:
                await self.withdraw(lesson)
            else:
                await self._cut(current, key)

    async def erase(self, person: str) -> int:
        """Remove every text that has words of a person (a pseudonym), in all spaces; return how many."""
        lessons = await self.lessons.of_person(person)
        for lesson in lessons:
            await self.withdraw(lesson)
        return len(lessons)

    async def withdraw(self, lesson: ChatLesson) -> None:
        """Remove a lesson, whether it is known, waits for review, or for consent."""
        await self.reviews.documents.remove_name(lesson.space, lesson.name)
        await self.reviews.proposals.withdraw(lesson.space, lesson.name)
        await self.consents.drop(lesson.space, lesson.name)
        await self.lessons.remove(lesson)

    async def without(self, current: CurrentLesson, is_theirs: Callable[[LessonPart], bool]) -> None:
        """Cut parts out of a lesson at once; remove it where nothing is left that teaches."""
        text: LessonText | None = current.text
        for part in current.lesson.parts:
            if text is not None and is_theirs(part):
                text = text.without(part.key)
        if text is None:
            await self.withdraw(current.lesson)
        else:
            await self.rewrite(current, text, is_sure=True)

    async def rewrite(self, current: CurrentLesson, text: LessonText, *, is_sure: bool) -> None:
        """Store another text of a lesson where it is now: a document at once if ``is_sure``, else through review."""
        lesson, title = current.lesson, text.question or current.document.title
        new = replace(current.document, text=text.text, title=title)
        try:
            await self._store(current, new, is_sure=is_sure)
        except BadInput as error:  # no room for it
            log.info("what was learned of %s stays as it was: %s", lesson.name, error)
            return
        changed = NewChatLesson(lesson.name, lesson.conversation, new.content_hash, text.parts, lesson.answer_id)
        await self.lessons.save(lesson.space, changed)

    async def _store(self, current: CurrentLesson, new: NewDocument, *, is_sure: bool) -> None:
        space, waiting = current.lesson.space, current.proposal
        if current.state == "held":
            if (held := await self.consents.named(space, new.name)) is not None:
                await self.consents.replace(held, new)
        elif current.state == "known" and is_sure:
            embedded = await self.reviews.ingest.embed(space, new)
            await self.reviews.documents.store(space, new, embedded)
        else:
            origin = waiting.origin if waiting else new.title[:200]
            excerpts = (new.text[:MAX_EXCERPT_CHARS],)
            await self.reviews.propose(space, NewProposal(new, waiting.site if waiting else "", origin, excerpts))

    async def _cut(self, current: CurrentLesson, key: str) -> None:
        await self.without(current, lambda part: part.key == key)

    async def _teaches_at_once(self, lesson: ChatLesson, heard: HeardMessage) -> bool:
        if lesson.answer_id is None or await self.trust.policy(lesson.space) != "learn":
            return False
        return await self.trust.includes(lesson.space, heard.message.person) or await heard.moderates()


def _words(part: LessonPart, said: str) -> str:
    """Return what a message says in a lesson: of a question the sentences that ask, in one line. Blocks."""
    words = without_mentions(said).strip()
    return " ".join(asking_sentences(words).split())[:MAX_QUESTION_CHARS] if part.is_question else words
