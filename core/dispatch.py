"""The one door for everything people send: a question to the pipeline, a command to its plugin.

Checks what was sent and who may ask for it, picks the language to reply in, and is the one
boundary where an error becomes a sentence. Does not know any platform.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass

from core.channels import Channels
from core.commands import Command, Registry
from core.conversation import Conversations
from core.delivery import Unfinished
from core.errors import BadInput, Refused, UserError
from core.feedback import Feedback
from core.knowledge.review import Reviews
from core.knowledge.shelf import Shelves
from core.language import detect_language
from core.limits import Limits
from core.offload import offload
from core.outbox import RecordedOutlet
from core.permissions import require
from core.pipeline import Pipeline, Question
from core.ports import Outlet
from core.retrieval.discourse import asks
from core.services import Conversation, Knowledge, Providers, Review
from core.storage.inbox import Inbox
from core.texts import explain, language_of_locale, say
from core.types import Answer, Button, Language, Message, Person, Reply, SpaceId, Thumb

log = logging.getLogger(__name__)

MAX_QUESTION_CHARS = 4_000
"""Longer than any platform's message; beyond it a text is a document, and ``/index`` is the place for it."""

MAX_RUNS = 3
"""How often a message is worked on before it is taken for the reason why AION keeps dying."""


@dataclass(frozen=True, slots=True)
class Call:
    """One command being carried out: what its handler is given (``core.commands.Context``)."""

    message: Message
    language: Language
    knowledge: Knowledge
    review: Review
    conversation: Conversation
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

    async def progress(self, text: str) -> None:
        """Show a passing status line."""
        await self._outlet.progress(text)

    async def reply(self, text: str, *buttons: Button) -> None:
        """Send the command's final reply, with buttons under it."""
        await self._outlet.send(Reply(text, self.language, private=self._private, buttons=buttons))

    async def settle(self, text: str, *buttons: Button) -> None:
        """Send the final reply, after which the buttons one of which called this command are of no more use."""
        await self._outlet.send(Reply(text, self.language, private=self._private, buttons=buttons, settles=True))


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Carries every message to what handles it, and every thumb to the answer it rates."""

    registry: Registry
    pipeline: Pipeline
    shelves: Shelves
    reviews: Reviews
    feedback: Feedback
    conversations: Conversations
    channels: Channels
    limits: Limits
    inbox: Inbox
    providers: Providers
    default_language: Language

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

    async def resume(self, unfinished: Unfinished, outlet: Outlet) -> None:
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
            await outlet.send(Reply(explain(language, error), language, private=isinstance(error, Refused)))
        except Exception:  # the one boundary: of a fault, nothing but its reference may reach the chat
            reference = _reference()
            log.exception("fault %s while handling %s", reference, message.key)
            await outlet.send(Reply(say(language, "error.internal", reference=reference), language))

    async def answer(self, message: Message, question: str, outlet: Outlet) -> Answer:
        """Answer a question asked in ``message`` and deliver it. Raises ``BadInput`` when it asks nothing."""
        answer = await self.pipeline.answer(await self._question(message, question), outlet.partial)
        await outlet.send(Reply(answer.text, answer.language, answer.id, answer.sources))
        return answer

    async def rate(self, space: SpaceId, answer_id: int, person: Person, thumb: Thumb, locale: str | None) -> str:
        """Store a press of a thumb (the same one again withdraws it) and return a sentence of thanks."""
        language = language_of_locale(locale, self.default_language)
        try:
            now = await self.feedback.press(space, answer_id, person, thumb)
        except UserError as error:
            return explain(language, error)
        except Exception:  # the same boundary, for a press instead of a message
            reference = _reference()
            log.exception("fault %s while rating answer %s", reference, answer_id)
            return say(language, "error.internal", reference=reference)
        return say(language, f"rating.{now or 'withdrawn'}")

    async def _overhear(self, message: Message, outlet: Outlet) -> None:
        """Answer what was said to nobody, once and where that is sure to help; in every other case keep silent."""
        try:
            if not asks(message.text) or not await self.inbox.claim(message.space, message.key):
                return
            if self.limits.admit(message) > 0:
                return
            answer = await self.pipeline.overhear(await self._question(message, message.text))
            if answer is not None:
                await outlet.send(Reply(answer.text, answer.language, answer.id, answer.sources))
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
        shelf, here = self.shelves.of(message.space), self.conversations.of(message)
        review = self.reviews.of(message)
        await command.handler(
            Call(message, language, shelf, review, here, self.providers, self.registry, self, outlet, command.private)
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


def _require_arguments(message: Message, command: Command, language: Language) -> None:
    for parameter in command.parameters:
        given = message.attachments if parameter.kind == "attachment" else message.arguments.get(parameter.name)
        if parameter.required and not given:
            raise BadInput("command.missing", command=command.name, parameter=parameter.description[language])
