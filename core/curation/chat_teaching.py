"""Teaching from chat messages: with their authors' consent, without personal data, and through review.

A moderator chooses a message, the pinned ones, or a solved thread; each becomes a document named by its permalink, in
which authors are not named. An author who has not decided is asked in the channel of the message, at most once a day.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from core.chat.notices import Notices
from core.curation.lesson_text import LessonText, MessageWords
from core.errors import BadInput
from core.knowledge.review import ReviewService
from core.offload import offload
from core.privacy.personal_data import find, without_mentions
from core.privacy.pseudonyms import Pseudonyms
from core.services.chat_teaching import TeachingOutcome
from core.storage.curation.chat_lessons import ChatLessons, NewChatLesson
from core.storage.curation.consents import KIND, SOURCE, Consents
from core.storage.curation.proposals import NewProposal
from core.storage.document_writes import NewDocument
from core.texts import say, say_markdown
from core.types import Button, IndexedDocument, Language, Message, PostedMessage, Proposal, Reply, SpaceId

MAX_TITLE_CHARS = 80
MAX_EXCERPT_CHARS = 300
N_ANSWERS = 20
"""The most answers taken from a thread in which no post is marked as helpful."""


@dataclass(frozen=True, slots=True)
class ChatTeachingService:
    """Teaches from chat messages in any space."""

    consents: Consents
    reviews: ReviewService
    notices: Notices
    pseudonyms: Pseudonyms
    lessons: ChatLessons

    def of(self, message: Message, language: Language) -> SpaceChatTeaching:
        """Return the teaching bound to a message's space and sender; ``language`` is the sender's."""
        return SpaceChatTeaching(self, message, language)


@dataclass(frozen=True, slots=True)
class SpaceChatTeaching:
    """Teaching from chat messages, bound to one space and person (``core.services.ChatTeachingPort``)."""

    _service: ChatTeachingService
    _message: Message
    _language: Language

    async def each(self, posts: Sequence[PostedMessage]) -> tuple[TeachingOutcome, ...]:
        """Teach every post as a document of its own; return the outcomes in order."""
        return tuple([await self._teach([post], None) for post in posts if post.text.strip()])

    async def thread(self, posts: Sequence[PostedMessage]) -> tuple[TeachingOutcome, ...]:
        """Teach a thread as one document: its first post is the question, the answers are marked posts or others'.

        Raises ``BadInput`` when there is no answer.
        """
        question, answers = _question_and_answers(posts)
        if question is None or not answers:
            raise BadInput("teach.no_answer")
        return (await self._teach([question, *answers], question),)

    async def consent(self, *, is_given: bool) -> int:
        """Store the sender's decision on their own messages; return how many waiting texts are proposed by it."""
        person = self._service.pseudonyms.of(self._message.person.id)
        await self._service.consents.decide(self._message.space, person, is_given=is_given)
        agreed = await self._service.consents.agreed(self._message.space)
        for teaching in agreed:
            await self._propose(teaching.space, teaching.new, teaching.taught_by)
            await self._service.consents.remove(teaching)
        return len(agreed)

    async def _teach(self, posts: Sequence[PostedMessage], question: PostedMessage | None) -> TeachingOutcome:
        """Propose posts as a text, or ask their authors for consent first; secrets and personal data are refused.

        ``question`` is the first of them, where the others answer it.
        """
        asked, answers = (self._words(question), posts[1:]) if question else (None, posts)
        text = LessonText.of(asked, map(self._words, answers))
        new = await self._document(posts[0], text.text)
        found = await offload(find, "\n".join(post.text for post in posts))
        if found:
            kinds = ", ".join(dict.fromkeys(say(self._language, f"personal.{span.kind}") for span in found))
            return TeachingOutcome(new.title, new.name, "personal", {"kinds": kinds})
        authors = {self._service.pseudonyms.of(post.author.id): post for post in posts}
        me = self._service.pseudonyms.of(self._message.person.id)
        decided = {**await self._service.consents.decisions(self._message.space, [*authors]), me: True}
        if any(decided.get(author) is False for author in authors):
            return TeachingOutcome(new.title, new.name, "declined")
        undecided = {author: post for author, post in authors.items() if author not in decided}
        await self._note(new, text)
        if not undecided:
            return await self._propose(self._message.space, new, me)
        if await self._service.reviews.documents.find(self._message.space, new) is not None:
            return TeachingOutcome(new.title, new.name, "known")
        await self._service.consents.hold(self._message.space, new, undecided.keys(), me)
        for author, post in undecided.items():
            await self._ask(author, post)
        return TeachingOutcome(new.title, new.name, "asked", {"n_people": len(undecided)})

    def _words(self, post: PostedMessage) -> MessageWords:
        return MessageWords(
            post.key or post.url, self._service.pseudonyms.of(post.author.id), without_mentions(post.text)
        )

    async def _note(self, new: NewDocument, text: LessonText) -> None:
        """Note which messages a text is made of."""
        noted = NewChatLesson(new.name, self._message.conversation, new.content_hash, text.parts)
        await self._service.lessons.save(self._message.space, noted)

    async def _document(self, post: PostedMessage, shown: str) -> NewDocument:
        first = next(line for line in shown.splitlines() if line.strip())
        title = textwrap.shorten(first.lstrip("# "), MAX_TITLE_CHARS, placeholder="…") or post.url
        language = await self._service.reviews.ingest.parser.language_of(shown, self._language)
        return NewDocument(post.url, SOURCE, title, KIND, language, shown)

    async def _propose(self, space: SpaceId, new: NewDocument, taught_by: str) -> TeachingOutcome:
        excerpt = new.text[:MAX_EXCERPT_CHARS]
        proposal = NewProposal(new, site="", origin="", excerpts=(excerpt,), proposed_by=taught_by)
        match await self._service.reviews.propose(space, proposal):
            case Proposal(id=number):
                return TeachingOutcome(new.title, new.name, "proposed", {"number": number})
            case IndexedDocument():
                return TeachingOutcome(new.title, new.name, "known")
            case _:
                return TeachingOutcome(new.title, new.name, "waiting")

    async def _ask(self, author: str, post: PostedMessage) -> None:
        """Ask a post's author for consent in its channel, once a day."""
        language = self._language
        buttons = (
            Button(say(language, "consent.yes"), "consent", "yes"),
            Button(say(language, "consent.no"), "consent", "no"),
        )
        words = say_markdown(language, "consent.ask", person=post.author.name, url=post.url)
        key = f"consent:{author}:{datetime.now(UTC):%Y%m%d}"
        notice = Reply(words, language, buttons=buttons)
        await self._service.notices.tell(self._message.space, self._message.conversation, key, notice, post.address)


def _question_and_answers(posts: Sequence[PostedMessage]) -> tuple[PostedMessage | None, Sequence[PostedMessage]]:
    said = [post for post in posts if post.text.strip()]
    if not said:
        return None, ()
    question, *rest = said
    marked = [post for post in rest if post.is_marked]
    return question, marked or list(_not_by_asker(rest, question))[:N_ANSWERS]


def _not_by_asker(posts: Iterable[PostedMessage], question: PostedMessage) -> Iterable[PostedMessage]:
    return (post for post in posts if post.author.id != question.author.id)
