"""Handoffs: a question goes to the moderators' channel, and a moderator's reply back to where it was asked.

Question and reply are stored before anybody is notified, and notices are sent once a key, so work that is repeated
after a crash notifies nobody twice. A question from a private chat goes to the moderators of the one community that
AION serves on the platform; where it serves several, it goes nowhere, since AION cannot know which is meant.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.chat.channels import Channels
from core.chat.notices import Notices
from core.errors import BadInput
from core.knowledge.review import ReviewService
from core.markdown import Markdown, quoted, sanitise
from core.privacy.pseudonyms import Pseudonyms
from core.services import HandoffQuestion, HandoffReply, Verdict
from core.storage.answers import AnswerRecord, Answers
from core.storage.curation.proposals import NewProposal
from core.storage.delivery.handoffs import Handoff, Handoffs, NewHandoff
from core.storage.document_writes import NewDocument
from core.storage.passages import Passages
from core.storage.training_ratings import HANDOFF
from core.texts import say, say_markdown
from core.types import Button, Language, Message, Reply, SpaceId

MAX_QUOTED_CHARS = 700
"""Longest quote of a question or an answer on a card."""

MAX_NAME_CHARS = 200


@dataclass(frozen=True, slots=True)
class HandoffService:
    """Every space's handoffs."""

    handoffs: Handoffs
    answers: Answers
    passages: Passages
    channels: Channels
    notices: Notices
    reviews: ReviewService
    pseudonyms: Pseudonyms

    def of(self, message: Message) -> SpaceHandoffs:
        """Return the handoffs of a message's space, for its sender."""
        return SpaceHandoffs(self, message)

    async def space_for(self, space: SpaceId) -> SpaceId | None:
        """Return the space whose moderators answer what is asked in ``space``, if there is one."""
        if await self.channels.moderators(space) is not None:
            return space
        platform, _, rest = space.partition(":")
        communities = await self.channels.moderated(platform) if rest.startswith("dm:") else ()
        return communities[0] if len(communities) == 1 else None


@dataclass(frozen=True, slots=True)
class SpaceHandoffs:
    """The handoffs of one space, for the sender of one message (``core.services.HandoffsPort``)."""

    _service: HandoffService
    _message: Message

    async def ask(self, answer_id: int) -> bool:
        """Pass the question of an answer to the moderators, once; ``False``: they have no channel."""
        answer = await self._service.answers.find(self._message.scope, answer_id)
        if answer is None:
            raise BadInput("storage.elsewhere")
        space = await self._service.space_for(self._message.space)
        if space is None:
            return False
        handoff, _ = await self._service.handoffs.open(space, self._new(answer))
        if await self._service.passages.hidden(self._message.scope, [each.id for each in answer.passages]):
            answer = replace(answer, text="")  # what it said then may not be read here any more

        def compose(language: Language) -> Reply:
            return card(handoff, answer, self._message, language)

        return await self._service.notices.tell_moderators(space, f"handoff:{handoff.id}", compose)

    async def last_asked(self) -> HandoffQuestion | None:
        """Return what the sender asked last in the conversation, if anything; small talk is no question."""
        message = self._message
        last = await self._service.answers.last(message.space, message.conversation, self._pseudonym)
        return HandoffQuestion(last.id, last.question) if last is not None else None

    async def waiting(self, limit: int) -> tuple[HandoffQuestion, ...]:
        """Return the oldest questions that wait for the moderators of the space."""
        readable, handoffs = self._message.scope.community, self._service.handoffs
        waiting = [each for space in readable for each in await handoffs.unanswered(space, limit)]
        return tuple(
            HandoffQuestion(each.id, each.question) for each in sorted(waiting, key=lambda each: each.id)[:limit]
        )

    async def reply(self, number: int, text: str) -> HandoffReply:
        """Pass a moderator's reply on to who asked; ``is_new`` is false when another moderator was quicker."""
        handoffs, space, person = self._service.handoffs, (await self._get(number)).space, self._pseudonym
        is_new = await handoffs.reply(space, number, text, person)
        handoff = await self._get(number)
        is_again = (handoff.reply, handoff.replied_by) == (text, person)  # by the process before a crash
        if handoff.address is not None and (is_new or is_again):
            await self._tell_asker(handoff, text, handoff.address)
            await handoffs.forget_address(space, number)
        return HandoffReply(handoff.question, is_new or is_again)

    async def teach(self, number: int) -> Verdict | None:
        """Make question and reply a document, approved by the moderator who asks for it; ``None``: they are one."""
        handoff = await self._get(number)
        if handoff.reply is None:
            raise BadInput("handoff.open", number=number)
        return await self._learn(handoff.space, _proposal(handoff, handoff.reply, self._pseudonym))

    async def _learn(self, space: SpaceId, proposed: NewProposal) -> Verdict | None:
        """Approve a proposal of the moderator's own; ``None`` when the text is known, waits, or was rejected."""
        reviews = self._service.reviews
        if await reviews.documents.find(space, proposed.new) is not None:
            return None
        proposal = await reviews.proposals.add(space, proposed)
        return await reviews.of(self._message).approve(proposal.id) if proposal is not None else None

    async def _tell_asker(self, handoff: Handoff, text: str, address: Mapping[str, str]) -> None:
        words = say_markdown(
            handoff.language,
            "handoff.replied",
            question=quoted(handoff.question, MAX_QUOTED_CHARS),
            reply=sanitise(text),
        )
        reply = Reply(words, handoff.language)
        key = f"reply:{handoff.id}"
        await self._service.notices.tell(handoff.asked_in, handoff.conversation, key, reply, address)

    def _new(self, answer: AnswerRecord) -> NewHandoff:
        message = self._message
        question = answer.searched or answer.question
        return NewHandoff(message.space, answer.id, message.conversation, message.address, answer.language, question)

    async def _get(self, number: int) -> Handoff:
        for space in self._message.scope.community:
            if (handoff := await self._service.handoffs.get(space, number)) is not None:
                return handoff
        raise BadInput("handoff.unknown", number=number)

    @property
    def _pseudonym(self) -> str:
        return self._service.pseudonyms.of(self._message.person.id)


def card(handoff: Handoff, answer: AnswerRecord, asked: Message, language: Language) -> Reply:
    """Return a question as moderators see it: who asks and where, what AION said and why, and how to reply."""
    reasons = "; ".join(say(language, each.key, **each.values) for each in answer.decision.confidence.reasons)
    link = Markdown(asked.address.get("link", ""))
    head = say_markdown(language, "handoff.card", number=handoff.id, person=asked.person.name, link=link)
    confidence = answer.decision.confidence.value
    lines = [
        Markdown(head.rstrip(" ·")),
        quoted(handoff.question, MAX_QUOTED_CHARS),
        *_said(answer, language),
        say_markdown(language, "handoff.why", confidence=confidence, reasons=reasons) if reasons else "",
        say_markdown(language, "handoff.how", number=handoff.id),
    ]
    button = Button(say(language, "handoff.reply"), "reply", str(handoff.id))
    return Reply(Markdown("\n").join(filter(None, lines)), language, buttons=(button,))


def _said(answer: AnswerRecord, language: Language) -> Sequence[Markdown]:
    """Return the lines on what AION said; none where that is not to be shown."""
    key = "handoff.declined" if answer.used == "abstained" else "handoff.said"
    return (say_markdown(language, key), quoted(answer.text, MAX_QUOTED_CHARS)) if answer.text else ()


def _proposal(handoff: Handoff, reply: str, person: str) -> NewProposal:
    """Return question and reply as a document that waits for approval."""
    title = " ".join(handoff.question.split())
    text = f"# {title}\n\n{reply}\n"
    name = textwrap.shorten(title, MAX_NAME_CHARS, placeholder="…")
    new = NewDocument(name, f"{HANDOFF}{handoff.id}", name, "text", handoff.language, text)
    return NewProposal(new, site="", origin=name, excerpts=(reply,), proposed_by=person)
