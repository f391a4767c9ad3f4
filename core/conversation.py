"""Conversations: what a person said before, so that *and on Sundays?* is searched for what it means.

A session is one person in one channel, thread, topic or chat; others in it neither see nor disturb it. Idle for half an
hour, it starts afresh. A follow-up is searched together with the last question of the session that stood on its own:
one earlier turn lifts the ranking, and more of them lower it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.channels import Channels
from core.commands import ChannelMode
from core.privacy import Pseudonyms
from core.retrieval.discourse import leans_back
from core.storage.turns import Said, Session, Turns
from core.types import Message, Person, SpaceId

IDLE = timedelta(minutes=30)
"""A session left alone for longer has ended."""


@dataclass(frozen=True, slots=True)
class Condensed:
    """A question ready to be searched: ``search_text`` stands on its own where the words as ``asked`` do not."""

    session: Session
    asked: str
    topic: str
    at: datetime

    @property
    def search_text(self) -> str:
        """Return the question, after the one it follows where it follows one."""
        return self.asked if self.topic == self.asked else f"{self.topic}\n{self.asked}"

    @property
    def said(self) -> Said:
        """Return the question as a turn of its session."""
        return Said(self.asked, self.topic, self.at)


@dataclass(frozen=True, slots=True)
class Conversations:
    """Everyone's sessions. ``now`` tells the aware time."""

    turns: Turns
    channels: Channels
    pseudonyms: Pseudonyms
    now: Callable[[], datetime]

    async def condense(self, space: SpaceId, conversation: str, person: Person, text: str) -> Condensed:
        """Return a question with the topic it belongs to: itself, or the session's where it is a follow-up."""
        session, now = self._session(space, conversation, person), self.now()
        topic = text
        if leans_back(text):
            last = await self.turns.last(session)
            if last is not None and now - last.at <= IDLE:
                topic = last.topic
        return Condensed(session, text, topic, now)

    async def remember(self, condensed: Condensed) -> None:
        """Keep a question as the last turn of its session."""
        await self.turns.add(condensed.session, condensed.said)

    def of(self, message: Message) -> Here:
        """Return the conversation a message was said in."""
        return Here(self, message)

    async def forget(self, message: Message) -> None:
        """Forget the session a message belongs to."""
        await self.turns.clear(self._session(message.space, message.conversation, message.person))

    def _session(self, space: SpaceId, conversation: str, person: Person) -> Session:
        return Session(space, conversation, self.pseudonyms.of(person.id))


@dataclass(frozen=True, slots=True)
class Here:
    """The conversation a command was called in (``core.commands.Conversation``)."""

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
