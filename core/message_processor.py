"""The processor of messages in this process: questions to question answering, commands to their plugins.

It is behind ``core.dispatch``, which admits messages and records their replies.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from core.chat.fair_queue import FairQueue
from core.command_call import CommandCall
from core.commands import Registry
from core.errors import BadInput, DatabaseUnreachable, PermissionRefused, Superseded, UserError
from core.ports import Outlet
from core.question_answering import QuestionAnswering
from core.service_binding import Services
from core.texts import explain_markdown, language_of_locale, say_markdown
from core.types import Language, Message, Reply, is_guest
from core.voice_messages import TranscriptOutlet, VoiceMessages, recording_of

log = logging.getLogger(__name__)

N_COMMANDS, N_COMMANDS_EACH = 256, 2
"""Commands carried out at a time, and those of one person. Those that read pages or files may take minutes."""


@dataclass(frozen=True, slots=True)
class LocalProcessor:
    """Answers questions and carries out commands here (``core.ports.MessageProcessor``)."""

    registry: Registry
    questions: QuestionAnswering
    services: Services
    voices: VoiceMessages
    commands: FairQueue = field(default_factory=lambda: FairQueue(N_COMMANDS, N_COMMANDS_EACH))

    async def process(self, message: Message, outlet: Outlet) -> None:
        """Answer a message through ``outlet``. Errors become sentences there; raises cancellation alone."""
        language = language_of_locale(message.locale, self.questions.default_language)
        async with explained(message.key, language, outlet):
            if message.command is None:
                await self._answer(message, language, outlet)
            else:
                await self._call(message, message.command, language, outlet)

    async def process_unaddressed(self, message: Message, outlet: Outlet) -> None:
        """Answer a question that was not addressed to AION if the gate is confident, else send nothing.

        Raises ``BadInput`` when it asks nothing.
        """
        await self.questions.answer_unaddressed(message, outlet)

    async def _answer(self, message: Message, language: Language, outlet: Outlet) -> None:
        """Answer a question; a spoken one as it was transcribed, below its transcript."""
        if is_guest(message.space):
            return await self.questions.answer_guest(message, outlet)
        if recording_of(message) is not None:
            async with self.commands.turn(message.space, message.person.id):
                message = await self.voices.heard(message)
            outlet = TranscriptOutlet(outlet, message.text, language)
        await self.questions.answer(message, message.text, outlet)

    async def _call(self, message: Message, name: str, language: Language, outlet: Outlet) -> None:
        command = self.registry.get(name)
        if command is None:
            raise BadInput("command.unknown", command=name)
        services = self.services.at(message, language)
        note = self.services.dashboard.of(message, language).note
        call = CommandCall(message, language, services, self.registry, command, self.questions, outlet, note)
        async with self.commands.turn(message.space, message.person.id):
            await command.handler(call)


@asynccontextmanager
async def explained(key: str, language: Language, outlet: Outlet) -> AsyncIterator[None]:
    """Be the error boundary of the message ``key``: whatever goes wrong in the block becomes one sentence."""
    try:
        yield
    except Superseded:
        raise  # nobody may be told anything: another process answers
    except UserError as error:
        is_quiet, is_outage = isinstance(error, PermissionRefused), isinstance(error, DatabaseUnreachable)
        await outlet.send(Reply(explain_markdown(language, error), language, quiet=is_quiet, outage=is_outage))
    except Exception:  # the error boundary: of a fault, nothing but its reference may reach the chat
        reference = new_reference()
        log.exception("fault %s while handling %s", reference, key)
        await outlet.send(Reply(say_markdown(language, "error.internal", reference=reference), language))


@contextmanager
def logged_alone(sentence: str, key: str) -> Iterator[None]:
    """Be the error boundary of work that nobody asked for: what goes wrong is logged, and nobody is told."""
    try:
        yield
    except UserError as error:
        log.info("silent about %s: %s", key, error)
    except Exception:  # the error boundary: nobody asked, so nobody is told
        log.exception(sentence, key)


def new_reference() -> str:
    """Return 6 random hex digits that name one fault, both to the person and in the log."""
    return secrets.token_hex(3)
