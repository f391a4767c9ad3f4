"""Learning from replies to open questions: the question AION could not answer, with what somebody trusted replied.

Replies to the same question are stitched into one text; a reply that says what is known of another question adds that
question to it. Where else the same was asked, the reply is shown. Reply and parts are stored before anybody is told.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from core.chat.notices import Notices
from core.curation.duplicates import is_near
from core.curation.lesson_text import LessonText, MessageWords
from core.errors import BadInput, PermissionRefused
from core.generation.question_match import normalised_question
from core.knowledge.review import ReviewService
from core.listening.lesson_keeper import LessonKeeper
from core.listening.trust import TrustService
from core.markdown import Markdown, quoted, sanitise
from core.offload import offload
from core.privacy.personal_data import find, without_mentions
from core.privacy.pseudonyms import Pseudonyms
from core.services import TaughtReply
from core.storage.answers import AnswerRecord, Answers, DeclinedQuestion
from core.storage.curation.chat_lessons import ChatLesson, KnownPair, NewChatLesson
from core.storage.curation.consents import KIND, REPLIED, PendingTeaching
from core.storage.curation.proposals import NewProposal
from core.storage.document_writes import NewDocument
from core.texts import say, say_markdown
from core.types import Button, IndexedDocument, LessonPart, Message, Proposal, Reply, Scope, SpaceId

MAX_NAME_CHARS = 200
MAX_QUOTED_CHARS = 700

ASKED_WITHIN = timedelta(days=60)
MAX_ASKED = 1_000
"""Declined questions, the latest, among which those that ask the same are looked for."""

MAX_PAIRS = 500
"""Known questions with replies, the latest, that a new reply is compared with."""


@dataclass(frozen=True, slots=True)
class TrustedReplies:
    """Learns from replies in any space."""

    answers: Answers
    keeper: LessonKeeper
    trust: TrustService
    notices: Notices
    pseudonyms: Pseudonyms

    def of(self, message: Message) -> SpaceReplies:
        """Return the learning from replies in a message's space, for its sender."""
        return SpaceReplies(self, message)


@dataclass(frozen=True, slots=True)
class SpaceReplies:
    """Learning from replies in one space, for the sender of one message (``core.services.RepliesPort``)."""

    _service: TrustedReplies
    _message: Message

    async def learn(self, answer_id: int, text: str, *, is_overheard: bool) -> TaughtReply:
        """Make the question of an answer and the sender's reply a document, named by the reply's link."""
        answer = await self._service.answers.find(self._message.scope, answer_id)
        if answer is None:
            raise BadInput("storage.elsewhere")
        if found := await offload(find, text):
            kinds = ", ".join(dict.fromkeys(say(answer.language, f"personal.{span.kind}") for span in found))
            raise BadInput("handoff.personal", kinds=kinds)
        question = _question(answer)
        said = MessageWords(self._message.key, self._pseudonym, without_mentions(text).strip())
        if is_overheard and not await self._has_agreed():
            return await self._hold(answer, said)
        if (held := await self._keeper.lessons.of_answer(self._message.space, answer.id)) is not None:
            return await self._extend(answer, held, said)
        pairs = await self._keeper.lessons.pairs(self._message.space, MAX_PAIRS)
        same, near = await offload(_known, answer, question.text, said.text, pairs)
        if same is not None:
            return await self._extend(answer, same.lesson, said)
        if near is not None:
            return await self._add_question(answer, near.lesson)
        return await self._learn_new(answer, said)

    async def learn_agreed(self) -> None:
        """Learn the replies that waited for the sender's consent, and say so where they were given."""
        for teaching in await self._keeper.consents.agreed(self._message.space, REPLIED):
            lesson = await self._keeper.lessons.named(teaching.space, teaching.new.name)
            await self._keeper.consents.remove(teaching)
            if lesson is not None and lesson.answer_id is not None:
                await self._learn_held(lesson, teaching, lesson.answer_id)

    async def undo(self, key: str) -> str:
        """Take back what was learned from a message, and what its author added to that."""
        lessons = await self._keeper.lessons.of_message(self._message.space, key)
        if not lessons:
            raise BadInput("handoff.nothing_to_undo")
        questions = []
        for lesson in lessons:
            part = lesson.part(key)
            author = part.person if part else ""
            if not self._message.person.is_moderator and author != self._pseudonym:
                raise PermissionRefused("command.moderators_only", command="unlearn")
            current = await self._keeper.current(lesson)
            if current is None:
                await self._keeper.withdraw(lesson)
                continue
            questions.append(current.text.question)
            await self._keeper.without(current, partial(_is_reply_of, author))
        return next(iter(questions), "")

    async def n_learned(self) -> int:
        """Return how many documents were learned from replies here."""
        documents = self._reviews.documents
        return sum([await documents.count_from(space, REPLIED) for space in self._message.scope.community])

    # --- consent ----------------------------------------------------------------------------------

    async def _has_agreed(self) -> bool:
        """Tell whether the sender agreed to be learned from; one who refused is not heard at all."""
        decided = await self._keeper.consents.decisions(self._message.space, [self._pseudonym])
        return decided.get(self._pseudonym) is True

    async def _hold(self, answer: AnswerRecord, said: MessageWords) -> TaughtReply:
        """Keep a reply until its author agrees, whom a notice asks."""
        text = LessonText.of(_question(answer), [said])
        document = self._document(answer, text)
        await self._keeper.consents.hold(self._message.space, document, [self._pseudonym], self._pseudonym)
        await self._note(answer, self._message.space, self._message.conversation, document, text)
        language = answer.language
        buttons = (
            Button(say(language, "consent.yes"), "consent", "yes"),
            Button(say(language, "consent.no"), "consent", "no"),
        )
        link = self._message.address.get("link", "")
        words = say_markdown(language, "consent.ask_reply", person=self._message.person.name, url=Markdown(link))
        key = f"consent:{self._pseudonym}:{datetime.now(UTC):%Y%m%d}"
        await self._tell(key, Reply(words, language, buttons=buttons))
        return TaughtReply("asked", text.question)

    async def _learn_held(self, lesson: ChatLesson, teaching: PendingTeaching, answer_id: int) -> None:
        answer = await self._service.answers.get(lesson.space, answer_id)
        if answer is None:
            return await self._keeper.lessons.remove(lesson)
        text = LessonText(teaching.new.text, lesson.parts)
        taught = await self._store(answer, lesson.space, lesson.conversation, teaching.new, text)
        if taught.outcome in ("learned", "proposed"):
            key = next(part.key for part in lesson.parts if not part.is_question)
            words = say_markdown(answer.language, f"handoff.{taught.outcome}", question=taught.question)
            undo = Button(say(answer.language, "handoff.undo"), "unlearn", key)
            told = Reply(words, answer.language, buttons=(undo,))
            await self._service.notices.tell(lesson.space, lesson.conversation, f"taught:{lesson.id}", told)

    # --- storing ----------------------------------------------------------------------------------

    async def _learn_new(self, answer: AnswerRecord, said: MessageWords) -> TaughtReply:
        text = LessonText.of(_question(answer), [said])
        here = self._message
        return await self._store(answer, here.space, here.conversation, self._document(answer, text), text)

    async def _store(
        self, answer: AnswerRecord, space: SpaceId, conversation: str, document: NewDocument, text: LessonText
    ) -> TaughtReply:
        """Learn or propose a text, as the space wants it, and note its parts."""
        reviews = self._reviews
        is_learned = await self._service.trust.policy(space) == "learn"
        proposed = NewProposal(document, "", document.title, (text.answer,), proposed_by=self._pseudonym)
        add = reviews.add if is_learned else reviews.propose
        match await add(space, proposed):
            case Proposal(id=number):
                await self._note(answer, space, conversation, document, text)
            case IndexedDocument() | None:
                return TaughtReply("known", text.question)
        if not is_learned:
            return TaughtReply("proposed", text.question)
        await reviews.at(Scope(space), self._message.person).approve(number)
        await self._tell_others(answer, space, text.answer, document.name)
        return TaughtReply("learned", text.question)

    async def _extend(self, answer: AnswerRecord, lesson: ChatLesson, said: MessageWords) -> TaughtReply:
        """Add a reply to what was replied to the same question, unless that says it already."""
        current = await self._keeper.current(lesson)
        if current is None:  # it was forgotten, or rejected
            await self._keeper.lessons.remove(lesson)
            return await self._learn_new(answer, said)
        text = current.text
        if await offload(_says, text.answer, said.text) or text.extended(said) is text:
            return TaughtReply("known", text.question)
        is_sure = await self._service.trust.policy(lesson.space) == "learn"
        await self._keeper.rewrite(current, text.extended(said), is_sure=is_sure)
        return TaughtReply("added", text.question)

    async def _add_question(self, answer: AnswerRecord, lesson: ChatLesson) -> TaughtReply:
        """Add another question to what the same was replied to."""
        current, question = await self._keeper.current(lesson), _question(answer)
        if current is None or current.lesson.part(question.key) is not None:
            return TaughtReply("known", question.text)
        is_sure = await self._service.trust.policy(lesson.space) == "learn"
        await self._keeper.rewrite(current, current.text.extended(question), is_sure=is_sure)
        return TaughtReply("added", question.text)

    async def _note(
        self, answer: AnswerRecord, space: SpaceId, conversation: str, document: NewDocument, text: LessonText
    ) -> None:
        new = NewChatLesson(document.name, conversation, document.content_hash, text.parts, answer.id)
        await self._keeper.lessons.save(space, new)

    def _document(self, answer: AnswerRecord, text: LessonText) -> NewDocument:
        name = self._message.address.get("link") or self._message.key
        title = textwrap.shorten(text.question, MAX_NAME_CHARS, placeholder="…")
        return NewDocument(name, REPLIED, title, KIND, answer.language, text.text, datetime.now(UTC))

    # --- telling ----------------------------------------------------------------------------------

    async def tell_of(self, proposal: Proposal) -> None:
        """Show a reply that was approved just now where else the same was asked."""
        lesson = await self._keeper.lessons.named(proposal.space, proposal.name)
        current = await self._keeper.current(lesson) if lesson is not None else None
        if lesson is None or current is None or lesson.answer_id is None:
            return
        if (answer := await self._service.answers.get(lesson.space, lesson.answer_id)) is not None:
            await self._tell_others(answer, lesson.space, current.text.answer, proposal.name)

    async def _tell_others(self, answer: AnswerRecord, space: SpaceId, text: str, name: str) -> None:
        """Show a reply in the other conversations of the space where the same was asked lately, once in each."""
        link = Markdown(name if name.startswith("https://") else "")
        asked = await self._service.answers.declined(space, datetime.now(UTC) - ASKED_WITHIN, MAX_ASKED)
        same = await offload(_same_questions, answer, asked)
        told = {answer.conversation, self._message.conversation}
        for each in same:
            if each.conversation not in told:
                told.add(each.conversation)
                words = say_markdown(
                    each.language,
                    "handoff.solved_elsewhere",
                    question=quoted(each.question, MAX_QUOTED_CHARS),
                    reply=sanitise(text),
                    link=link,
                )
                key = f"solved:{answer.id}:{each.answer_id}"
                await self._service.notices.tell(space, each.conversation, key, Reply(words, each.language))

    async def _tell(self, key: str, reply: Reply) -> None:
        message = self._message
        await self._service.notices.tell(message.space, message.conversation, key, reply, message.address)

    @property
    def _keeper(self) -> LessonKeeper:
        return self._service.keeper

    @property
    def _reviews(self) -> ReviewService:
        return self._service.keeper.reviews

    @property
    def _pseudonym(self) -> str:
        return self._service.pseudonyms.of(self._message.person.id)


def _is_reply_of(author: str, part: LessonPart) -> bool:
    return part.person == author and not part.is_question


def _question(answer: AnswerRecord) -> MessageWords:
    """Return the question of an answer, so that it stands on its own."""
    words = " ".join((answer.searched or answer.question).split())
    return MessageWords(answer.asked_by_message or f"answer:{answer.id}", answer.asker, words)


def _known(
    answer: AnswerRecord, question: str, reply: str, pairs: Sequence[KnownPair]
) -> tuple[KnownPair | None, KnownPair | None]:
    """Return the pair that answers the same question, and the one that says the same of another. Blocks."""
    wanted = normalised_question(question, answer.language)
    texts = {pair: LessonText(pair.text, pair.lesson.parts) for pair in pairs}
    same = next((p for p, text in texts.items() if normalised_question(text.question, answer.language) == wanted), None)
    near = next((pair for pair, text in texts.items() if _says(text.answer, reply)), None)
    return same, near


def _says(known: str, reply: str) -> bool:
    """Tell whether what is known says what a reply does, nearly word for word. Blocks."""
    return reply in known or is_near(reply, known)


def _same_questions(answer: AnswerRecord, asked: Sequence[DeclinedQuestion]) -> list[DeclinedQuestion]:
    """Return the questions that ask the same as an answer's, in other words for politeness at most. Blocks."""
    wanted = normalised_question(answer.searched or answer.question, answer.language)
    return [each for each in asked if normalised_question(each.question, each.language) == wanted]
