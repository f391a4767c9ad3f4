"""Sessions of a conversation, and the condensing of a follow-up (*and on Sundays?*) with the question it follows.

A session is one person in one channel, thread, topic or chat; others in it neither see nor disturb it. A thread goes
on from what its person said in the channel it was opened in. Idle for half an hour, a session starts afresh. A
follow-up is searched together with the last question of the session that stood on its own: one earlier turn lifts the
ranking, and more of them lower it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.chat.channels import Channels
from core.chat.long_question import question_in
from core.chat.question_recognition import is_follow_up
from core.privacy.pseudonyms import Pseudonyms
from core.services import ChannelMode
from core.storage.turns import ConversationTurn, Session, Turns
from core.types import Message, Person, Platform, SpaceId

IDLE_TIMEOUT = timedelta(minutes=30)
"""A session without a question for longer has ended."""


@dataclass(frozen=True, slots=True)
class ConversationPlace:
    """A conversation of a space; ``branched_from`` is the one that it, a thread, was opened in."""

    space: SpaceId
    conversation: str
    branched_from: str | None = None


@dataclass(frozen=True, slots=True)
class CondensedQuestion:
    """A question ready to be searched. ``topic`` is the question it follows, or itself; ``at`` is an aware time.

    ``earlier`` is the session's last question that stood on its own, whether or not this one follows it; ``None``
    where the session has none, or an old one.
    """

    session: Session
    asked: str
    topic: str
    at: datetime
    earlier: str | None = None

    @property
    def search_text(self) -> str:
        """Return the text to search: the question, or ``topic``, a line break and the question for a follow-up."""
        return self.asked if self.topic == self.asked else f"{self.topic}\n{self.asked}"

    def then(self, question: str) -> CondensedQuestion:
        """Return the turn in which ``question`` is asked next."""
        return replace(self, asked=question, topic=question, earlier=self.said.topic)

    def again(self, question: str) -> CondensedQuestion:
        """Return the same turn with ``question``, which stands on its own, in place of the one asked."""
        return replace(self, asked=question, topic=question, earlier=None)

    @property
    def said(self) -> ConversationTurn:
        """Return the question as a turn of its session.

        What is asked next goes on from it, unless its wording refers to the topic itself: then from that.
        """
        topic = self.topic if is_follow_up(self.asked) else self.asked
        return ConversationTurn(self.asked, topic, self.at)


@dataclass(frozen=True, slots=True)
class Conversations:
    """The sessions of every person. ``now`` returns the aware time."""

    turns: Turns
    channels: Channels
    pseudonyms: Pseudonyms
    now: Callable[[], datetime]

    async def condense(self, place: ConversationPlace, person: Person, text: str) -> CondensedQuestion:
        """Return a question with the topic it belongs to: itself, or the session's where its wording refers to it.

        What is found may say otherwise (``core.chat.follow_up``).
        """
        sessions, now = self._sessions(place, person), self.now()
        asked = question_in(text)
        earlier = await self._topic(sessions, now)
        topic = earlier if earlier is not None and is_follow_up(asked) else asked
        return CondensedQuestion(sessions[0], asked, topic, now, earlier)

    async def is_open(self, condensed: CondensedQuestion) -> bool:
        """Tell whether the session has an earlier turn, no older than ``IDLE_TIMEOUT``."""
        last = await self.turns.last(condensed.session)
        return last is not None and condensed.at - last.at <= IDLE_TIMEOUT

    async def remember(self, condensed: CondensedQuestion) -> None:
        """Keep a question as the last turn of its session."""
        await self.turns.add(condensed.session, condensed.said)

    async def recent(self, platform: Platform) -> list[tuple[SpaceId, str]]:
        """Return the spaces and conversations of a platform in which somebody asked within a day, the latest first."""
        return await self.turns.conversations(platform, self.now() - timedelta(days=1))

    def of(self, message: Message) -> SpaceConversation:
        """Return the conversation a message was said in."""
        return SpaceConversation(self, message)

    async def forget(self, message: Message) -> None:
        """Forget the session a message belongs to; in a thread also the one it goes on from."""
        place = ConversationPlace(message.space, message.conversation, message.branched_from)
        for session in self._sessions(place, message.person):
            await self.turns.clear(session)

    async def _topic(self, sessions: Sequence[Session], now: datetime) -> str | None:
        """Return the topic of the last turn of the first session that has one; ``None`` if it is too old."""
        for session in sessions:
            if (last := await self.turns.last(session)) is not None:
                return last.topic if now - last.at <= IDLE_TIMEOUT else None
        return None

    def _sessions(self, place: ConversationPlace, person: Person) -> list[Session]:
        """Return a person's session in a place, and the one that a thread there goes on from."""
        pseudonym = self.pseudonyms.of(person.id)
        conversations = filter(None, (place.conversation, place.branched_from))
        return [Session(place.space, conversation, pseudonym) for conversation in conversations]


@dataclass(frozen=True, slots=True)
class SpaceConversation:
    """The conversation a command was called in (``core.services.ConversationPort``)."""

    _conversations: Conversations
    _message: Message

    async def start_afresh(self) -> None:
        """Forget what the caller said here."""
        await self._conversations.forget(self._message)

    async def mode(self) -> ChannelMode:
        """Return when AION answers here."""
        return await self._conversations.channels.mode(self._message.space, self._message.conversation)

    async def set_mode(self, mode: ChannelMode) -> None:
        """Set when AION answers here."""
        await self._conversations.channels.set_mode(self._message.space, self._message.conversation, mode)

    async def gather_moderators(self) -> None:
        """Send what moderators should see here from now on."""
        await self._conversations.channels.gather_moderators(self._message.space, self._message.conversation)
