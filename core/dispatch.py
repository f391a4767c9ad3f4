"""The one door for everything people send: a question to the pipeline, a command to its plugin.

Checks what was sent and who may ask for it, picks the language to reply in, and is the one
boundary where an error becomes a sentence. Does not know any platform.
"""

from __future__ import annotations

import logging
import re
import secrets
from dataclasses import dataclass, field, replace

from core.chat.channels import Channels
from core.chat.conversation import Conversations
from core.chat.fair_queue import FairQueue
from core.chat.rate_limits import MessageLimits
from core.chat.utterance import asks
from core.commands import Command, Registry, require
from core.curation.command_service import LearningService
from core.errors import BadInput, PermissionRefused, UserError
from core.feedback import Feedback
from core.handoffs import HandoffService
from core.knowledge.command_service import DocumentService
from core.knowledge.review import ReviewService
from core.language import detect_language
from core.offload import offload
from core.pipeline import Pipeline, Question
from core.ports import ArgumentCompletion, Outlet
from core.privacy.data_rights import DataRights
from core.recorded_outlet import RecordedOutlet
from core.services import (
    Conversation,
    Curation,
    GivenAnswers,
    HandoffRequests,
    Knowledge,
    ProposalReview,
    Providers,
    Rights,
)
from core.storage.inbox import Inbox
from core.texts import explain, language_of_locale, say
from core.types import Answer, Button, File, Language, Message, Person, Platform, Reply, SpaceId, Thumb
from core.types.delivery import UnfinishedMessage

log = logging.getLogger(__name__)

MAX_QUESTION_CHARS = 4_000
"""Longer than any platform's message; beyond it a text is a document, and ``/index`` is the place for it."""

_WHOLE = re.compile(r"[0-9]{1,18}")

N_AT_ONCE = 4
"""Questions looked up at a time: more only slow each other, and the first of many would be as late as the last.

What takes long elsewhere, writing an answer and delivering it, is not counted.
"""

MAX_RUNS = 3
"""How often a message is worked on before it is taken for the reason why AION keeps dying."""


@dataclass(frozen=True, slots=True)
class Call:
    """One command being carried out: what its handler is given (``core.commands.Context``)."""

    message: Message
    language: Language
    knowledge: Knowledge
    review: ProposalReview
    curation: Curation
    conversation: Conversation
    given: GivenAnswers
    people: HandoffRequests
    rights: Rights
    providers: Providers
    registry: Registry
    _dispatch: Dispatch
    _outlet: Outlet
    _private: bool

    def say(self, key: str, **values: object) -> str:
        """Return a sentence of the catalogue in the caller's language."""
        return say(self.language, key, **values)

    def explain(self, error: UserError) -> str:
        """Return an error as one sentence in the caller's language."""
        return explain(self.language, error)

    async def answer(self, question: str) -> Answer:
        """Answer a question and deliver it where the command was called."""
        return await self._dispatch.answer(self.message, question, self._outlet)

    async def answer_afresh(self, question: str) -> Answer:
        """Answer a question as ``answer`` does, though it was answered before."""
        return await self._dispatch.answer(self.message, question, self._outlet, fresh=True)

    async def progress(self, text: str) -> None:
        """Show a passing status line."""
        await self._outlet.progress(text)

    async def reply(self, text: str, *buttons: Button) -> None:
        """Send the command's final reply, with buttons under it."""
        await self._outlet.send(Reply(text, self.language, private=self._private, buttons=buttons))

    async def show(self, text: str, *files: File) -> None:
        """Send the command's final reply, with files below it."""
        await self._outlet.send(Reply(text, self.language, private=self._private, files=files))

    async def settle(self, text: str, *buttons: Button) -> None:
        """Send the final reply, after which the buttons one of which called this command are of no more use."""
        await self._outlet.send(Reply(text, self.language, private=self._private, buttons=buttons, settles=True))


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Carries every message to what handles it, and every thumb to the answer it rates."""

    registry: Registry
    pipeline: Pipeline
    shelves: DocumentService
    reviews: ReviewService
    learners: LearningService
    feedback: Feedback
    moderators: HandoffService
    charter: DataRights
    conversations: Conversations
    channels: Channels
    limits: MessageLimits
    inbox: Inbox
    providers: Providers
    default_language: Language
    turnstile: FairQueue = field(default_factory=lambda: FairQueue(N_AT_ONCE))

    async def handle(self, message: Message, outlet: Outlet) -> None:
        """Answer ``message`` through ``outlet``, and close it once delivered. Raises cancellation alone."""
        if not message.addressed:
            return await self._overhear(message, outlet)
        recorded = RecordedOutlet(outlet, self.inbox, message)
        if (wait_s := self.limits.admit(message)) > 0:
            language = language_of_locale(message.locale, self.default_language)
            await recorded.send(Reply(say(language, "limit.wait", wait_s=wait_s), language))
        else:
            await self._carry_out(message, recorded)
        await recorded.close()

    async def listens(self, space: SpaceId, conversation: str) -> bool:
        """Return whether a conversation is a free channel: what is said to nobody there is handled too."""
        return await self.channels.mode(space, conversation) == "free"

    async def lately(self, platform: Platform) -> list[tuple[SpaceId, str]]:
        """Return the spaces and conversations of a platform in which somebody asked within a day, the latest first."""
        return await self.conversations.lately(platform)

    async def complete(self, space: SpaceId, names: str, typed: str) -> tuple[ArgumentCompletion, ...]:
        """Return the documents or proposals of a space whose title holds what is typed; none when something fails."""
        wanted = typed.strip().casefold()
        try:
            if names == "document":
                known = [(each.id, each.title) for each in await self.shelves.of(space).documents()]
            else:
                known = [(each.id, each.title) for each in await self.reviews.proposals.pending(space)]
        except Exception:  # the same boundary: whoever is typing goes on typing
            log.exception("nothing to complete for %s", names)
            return ()
        fitting = [ArgumentCompletion(f"#{number} {title}", str(number)) for number, title in known]
        return tuple(each for each in fitting if wanted in each.label.casefold())

    async def moved(self, space: SpaceId, new: SpaceId) -> None:
        """Let everything of a space follow it to another id."""
        log.info("%s is %s from now on", space, new)
        await self.channels.move(space, new)

    async def resume(self, unfinished: UnfinishedMessage, outlet: Outlet) -> None:
        """Finish what an earlier outlet or process could not: deliver its reply, else work on it again."""
        message = unfinished.message
        recorded = RecordedOutlet(outlet, self.inbox, message)
        language = language_of_locale(message.locale, self.default_language)
        if unfinished.reply is not None:
            await recorded.deliver(unfinished.reply)
        elif unfinished.had_files and message.command is not None:
            await recorded.send(Reply(say(language, "error.files_lost"), language))
        elif unfinished.n_runs >= MAX_RUNS:
            await recorded.send(Reply(say(language, "error.interrupted"), language))
        else:
            await self.inbox.rerun(message)
            await self._carry_out(message, recorded)
        await recorded.close()

    async def _carry_out(self, message: Message, outlet: Outlet) -> None:
        language = language_of_locale(message.locale, self.default_language)
        try:
            if message.command is None:
                await self.answer(message, message.text, outlet)
            else:
                await self._call(message, message.command, language, outlet)
        except UserError as error:
            await outlet.send(Reply(explain(language, error), language, private=isinstance(error, PermissionRefused)))
        except Exception:  # the one boundary: of a fault, nothing but its reference may reach the chat
            reference = _reference()
            log.exception("fault %s while handling %s", reference, message.key)
            await outlet.send(Reply(say(language, "error.internal", reference=reference), language))

    async def answer(self, message: Message, question: str, outlet: Outlet, *, fresh: bool = False) -> Answer:
        """Answer a question asked in ``message`` and deliver it; a ``fresh`` answer is not one given before.

        Raises ``BadInput`` when it asks nothing.
        """
        async with self.turnstile.turn(message.space) as turn:
            asked = replace(await self._question(message, question), fresh=fresh)
            answer = await self.pipeline.answer(asked, outlet.partial, turn.end)
        await outlet.send(shown(answer))
        return answer

    async def answer_at(self, space: SpaceId, message_ref: str) -> int | None:
        """Return the answer that a message of the platform shows, also one that an earlier process sent."""
        return await self.feedback.answers.shown_at(space, message_ref)

    async def rate(self, space: SpaceId, answer_id: int, person: Person, thumb: Thumb, locale: str | None) -> Reply:
        """Store a press of a thumb (the same one again withdraws it) and return the thanks."""
        language = language_of_locale(locale, self.default_language)
        try:
            now = await self.feedback.press(space, answer_id, person, thumb)
        except UserError as error:
            return Reply(explain(language, error), language, private=True)
        except Exception:  # the same boundary, for a press instead of a message
            reference = _reference()
            log.exception("fault %s while rating answer %s", reference, answer_id)
            return Reply(say(language, "error.internal", reference=reference), language, private=True)
        buttons = (ask_a_human(language, answer_id),) if now == "down" else ()
        return Reply(say(language, f"rating.{now or 'withdrawn'}"), language, private=True, buttons=buttons)

    async def _overhear(self, message: Message, outlet: Outlet) -> None:
        """Answer what was said to nobody, once and where that is sure to help; in every other case keep silent."""
        try:
            if not asks(message.text) or not await self.inbox.claim(message.space, message.key):
                return
            if self.limits.admit(message) > 0:
                return
            answer = await self.pipeline.overhear(await self._question(message, message.text))
            if answer is not None:
                await outlet.send(shown(answer))
        except UserError as error:
            log.info("silent about %s: %s", message.key, error)
        except Exception:  # the same boundary: nobody asked, so nobody is told
            log.exception("silent about %s after a fault", message.key)

    async def _question(self, message: Message, words: str) -> Question:
        text = readable_question(words)
        hint = language_of_locale(message.locale, self.default_language)
        language = await offload(detect_language, text, hint)
        return Question(message.space, message.conversation, message.person, text, language, message.branched_from)

    async def _call(self, message: Message, name: str, language: Language, outlet: Outlet) -> None:
        command = self.registry.get(name)
        if command is None:
            raise BadInput("command.unknown", command=name)
        require(message.person, command)
        _require_arguments(message, command, language)
        shelf, here, review = self.shelves.of(message.space), self.conversations.of(message), self.reviews.of(message)
        learner = self.learners.of(message.space, message.person, language)
        await command.handler(
            Call(
                message=message,
                language=language,
                knowledge=shelf,
                review=review,
                curation=learner,
                conversation=here,
                given=self.feedback.of(message),
                people=self.moderators.of(message),
                rights=self.charter.of(message),
                providers=self.providers,
                registry=self.registry,
                _dispatch=self,
                _outlet=outlet,
                _private=command.private,
            )
        )


def _reference() -> str:
    """Return a short name for a fault, by which a person and the log speak of the same."""
    return secrets.token_hex(3)


def readable_question(text: str) -> str:
    """Return the question without surrounding space. Raises ``BadInput`` when it is empty, wordless or too long."""
    question = text.strip()
    if not question:
        raise BadInput("question.empty")
    if len(question) > MAX_QUESTION_CHARS:
        raise BadInput("question.too_long", n_chars=len(question), limit=MAX_QUESTION_CHARS)
    if not any(character.isalnum() for character in question):
        raise BadInput("question.wordless")
    return question


def shown(answer: Answer) -> Reply:
    """Return an answer as people see it, with the buttons that lead on from it."""
    language, number = answer.language, str(answer.id)
    buttons = [Button(say(language, "button.sources"), "sources", number)] if answer.sources else []
    buttons.append(Button(say(language, "button.again"), "again", number))
    if answer.used == "abstained":
        buttons.append(ask_a_human(language, answer.id))
    return Reply(answer.text, language, answer.id, answer.sources, buttons=tuple(buttons))


def ask_a_human(language: Language, answer_id: int) -> Button:
    """Return the button that brings the question of an answer before people."""
    return Button(say(language, "button.human"), "human", str(answer_id))


def _require_arguments(message: Message, command: Command, language: Language) -> None:
    for parameter in command.parameters:
        given = message.attachments if parameter.kind == "attachment" else message.arguments.get(parameter.name)
        if parameter.required and not given:
            raise BadInput("command.missing", command=command.name, parameter=parameter.description[language])
        if parameter.kind == "number" and isinstance(given, str) and not _WHOLE.fullmatch(given):
            raise BadInput("command.no_number", command=command.name, given=given)
