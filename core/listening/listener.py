"""What people say to each other: whether it answers a question that AION could not answer.

Called for every message of a server or group that AION can read, so the first looks are cheap: at what the message
replies to, and at the thread it stands in.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from core.chat.trusted_reply import COMMAND, OVERHEARD, as_trusted_reply, teaches
from core.listening.lesson_keeper import LessonKeeper
from core.listening.trust import TrustService
from core.offload import offload
from core.privacy.personal_data import find, without_mentions
from core.privacy.pseudonyms import Pseudonyms
from core.storage.answers import AnswerRecord
from core.storage.curation.channel_watches import ChannelWatches
from core.storage.open_questions import OpenQuestions
from core.types import HeardMessage, Message, SpaceId

OPEN_FOR = timedelta(days=60)
"""How long a question waits for a reply."""

CONTINUES_S = 300.0
"""What the author of a reply says within this time of their last words, to nobody else, belongs to the reply."""

MAX_REPLIES = 1_000
"""Replies that may still be continued; of more, the oldest are complete."""


@dataclass(frozen=True, slots=True)
class _OpenReply:
    """Who replied last in a conversation, to which answer, and when."""

    person_id: str
    answer_id: int
    at_s: float


class Listener:
    """Hears replies to open questions in any space. ``now_s`` is a monotonic clock."""

    def __init__(
        self,
        questions: OpenQuestions,
        keeper: LessonKeeper,
        trust: TrustService,
        pseudonyms: Pseudonyms,
        kept: ChannelWatches,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._questions = questions
        self._keeper = keeper
        self._trust = trust
        self._pseudonyms = pseudonyms
        self._kept = kept
        self._now_s = now_s
        self._replies: OrderedDict[tuple[SpaceId, str], _OpenReply] = OrderedDict()

    async def hear(self, heard: HeardMessage) -> Message | None:
        """Return the call that learns a trusted reply; ``None`` for a message that is none."""
        message = heard.message
        self._interrupt(message)
        if await self._trust.policy(message.space) == "off":
            return None
        answer_id = await self._open_question(heard)
        if answer_id is None or not await self._is_trusted(heard):
            return None
        if not await offload(teaches, message.text) or not await self._may_be_learned(message):
            return None
        self._note(message, answer_id)
        arguments = {"answer": str(answer_id), "text": message.text, OVERHEARD: "yes"}
        return replace(message, addressed=True, command=COMMAND, arguments=arguments)

    async def edit(self, heard: HeardMessage) -> None:
        """Take over the new words of a message that something was learned of."""
        message = heard.message
        await self._kept.reword(message.space, message.key, without_mentions(message.text))
        await self._keeper.edit(heard)

    async def delete(self, space: SpaceId, key: str) -> None:
        """Forget what was learned of a message that was deleted."""
        await self._kept.drop(space, key)
        await self._keeper.delete(space, key)

    async def bound(self, message: Message) -> Message:
        """Return a message with what its sender is trusted with; a trusted reply to AION as the call that learns it."""
        if message.declined is None and message.command != COMMAND:
            return message
        trusted = await self._trust.bound(message)
        if message.declined is None or await self._trust.policy(message.space) == "off":
            return trusted
        read = await offload(as_trusted_reply, trusted)
        if read.command == COMMAND:
            self._note(message, message.declined)
        return read

    async def _open_question(self, heard: HeardMessage) -> int | None:
        """Return the answer whose question a message replies to, or continues to."""
        message, since = heard.message, datetime.now(UTC) - OPEN_FOR
        platform, me = message.platform, self._pseudonyms.of(message.person.id)
        if heard.reply_to:
            answer = await self._questions.at(message.space, [heard.reply_to], since)
            if answer is not None:
                return answer.id if answer.asker != me else None
            return await self._own_reply(message.space, heard.reply_to, me)
        if (begun := self._continued(message)) is not None:
            return begun
        if heard.in_thread:
            starter = f"{platform}:{message.conversation}"
            answer = await self._questions.at(message.space, [starter], since)
            answer = answer or await self._questions.in_conversation(message.space, message.conversation, since)
            return await self._unanswered(answer, me)
        return None

    async def _unanswered(self, answer: AnswerRecord | None, me: str) -> int | None:
        if answer is None or answer.asker == me:
            return None
        return answer.id if await self._keeper.lessons.of_answer(answer.space, answer.id) is None else None

    async def _own_reply(self, space: SpaceId, key: str, me: str) -> int | None:
        """Return the answer that a person's own message replied to."""
        for lesson in await self._keeper.lessons.of_message(space, key):
            if (part := lesson.part(key)) is not None and part.person == me and not part.is_question:
                return lesson.answer_id
        return None

    def _continued(self, message: Message) -> int | None:
        """Return the answer that the author of a message replied to just before, where nobody spoke since."""
        reply = self._replies.get((message.space, message.conversation))
        is_theirs = reply is not None and reply.person_id == message.person.id
        return reply.answer_id if reply and is_theirs and self._now_s() - reply.at_s <= CONTINUES_S else None

    def _interrupt(self, message: Message) -> None:
        """Note that whoever replied last in a conversation is not the last who spoke."""
        reply = self._replies.get((message.space, message.conversation))
        if reply is not None and reply.person_id != message.person.id:
            del self._replies[message.space, message.conversation]

    def _note(self, message: Message, answer_id: int) -> None:
        here = message.space, message.conversation
        self._replies[here] = _OpenReply(message.person.id, answer_id, self._now_s())
        self._replies.move_to_end(here)
        if len(self._replies) > MAX_REPLIES:
            self._replies.popitem(last=False)

    async def _is_trusted(self, heard: HeardMessage) -> bool:
        return await self._trust.includes(heard.message.space, heard.message.person) or await heard.moderates()

    async def _may_be_learned(self, message: Message) -> bool:
        """Tell whether nothing speaks against a message: its author's refusal, secrets, personal data."""
        person = self._pseudonyms.of(message.person.id)
        decided = await self._keeper.consents.decisions(message.space, [person])
        return decided.get(person) is not False and not await offload(find, message.text)
