"""Dispatch: the entry point for everything people send, from every platform.

Applies limits and permissions, picks the language to reply in, passes what is admitted to a processor, and records its
replies. Together with the processor it is the one boundary where an error becomes a sentence. Knows no platform.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from core.chat.answer_reply import human_button
from core.chat.audiences import Audiences
from core.chat.channels import Channels
from core.chat.private_teaching import PrivateTeaching
from core.chat.question_recognition import is_question
from core.chat.rate_limits import MessageLimits
from core.commands import Command, Registry, require_arguments, require_permission
from core.errors import BadInput, UserError
from core.listening.channel_watch import ChannelWatch
from core.listening.listener import Listener
from core.message_processor import explained, logged_alone, new_reference
from core.ports import ArgumentCompletion, AudienceJudge, MessageProcessor, Outlet
from core.recorded_outlet import RecordedOutlet
from core.request_id import current_request, request
from core.service_binding import Services
from core.services.setting_schema import SpokenLanguage
from core.storage.database import DATABASE_FAILURES
from core.storage.delivery.inbox import Inbox
from core.texts import explain_markdown, language_of_locale, say_markdown
from core.tracing import span
from core.types import HeardMessage, Language, Message, Person, Platform, Reply, SpaceId, Thumb, community_of, is_guest
from core.types.delivery import UnfinishedMessage

log = logging.getLogger(__name__)

MAX_RUNS = 3
"""How often work on a message is begun; one that was cut short so often is taken for the cause of the crashes."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Carries every message to what handles it, and every rating to its answer (``core.ports.AdapterApi``).

    ``spoken_language`` returns the language that the moderators of a space have set.
    """

    registry: Registry
    processor: MessageProcessor
    services: Services
    listener: Listener
    channels: Channels
    audiences: Audiences
    limits: MessageLimits
    private_teaching: PrivateTeaching
    inbox: Inbox
    default_language: Language
    spoken_language: Callable[[SpaceId], Awaitable[SpokenLanguage]]

    async def handle(self, message: Message, outlet: Outlet) -> None:
        """Answer ``message`` through ``outlet``, and close it once delivered. Raises cancellation alone."""
        with request(current_request()), span("message"):
            if message.addressed:
                await self._handle_addressed(message, outlet)
            else:
                await self._handle_unaddressed(message, outlet)

    async def _handle_addressed(self, message: Message, outlet: Outlet) -> None:
        recorded = RecordedOutlet(outlet, self.inbox, message)
        if (wait_s := self.limits.admit(message)) == 0:
            await self._carry_out(message, recorded)
        elif self.limits.tell(message.space, message.person):
            language = await self._language(message.space, message.locale)
            await recorded.send(Reply(say_markdown(language, "limit.wait", wait_s=wait_s), language))
        await recorded.close()

    async def resume(self, unfinished: UnfinishedMessage, outlet: Outlet) -> None:
        """Finish what an earlier outlet or process could not: deliver its reply, else work on it again."""
        message = unfinished.message
        recorded = RecordedOutlet(outlet, self.inbox, message)
        language = await self._language(message.space, message.locale)
        if unfinished.reply is not None:
            await recorded.deliver(unfinished.reply)
        elif unfinished.had_files and (message.command is not None or not message.text.strip()):
            await recorded.send(Reply(say_markdown(language, "error.files_lost"), language))
        elif unfinished.n_runs >= MAX_RUNS:
            await recorded.send(Reply(say_markdown(language, "error.interrupted"), language))
        else:
            await self.inbox.rerun(message)
            with request(current_request()), span("message"):
                await self._carry_out(message, recorded)
        await recorded.close()

    def is_silenced(self, space: SpaceId, person: Person) -> bool:
        """Return whether a person is over a limit and was told so: what they send is left alone, and not stored."""
        return self.limits.is_silenced(space, person)

    def admit_press(self, space: SpaceId, person: Person) -> bool:
        """Count a press that calls no command against the limits; return whether to act on it."""
        return self.limits.admit_press(space, person) == 0

    async def rate(
        self, space: SpaceId, answer_id: int, person: Person, thumb: Thumb, locale: str | None, key: str = ""
    ) -> Reply:
        """Store a press of a thumb (the same one again withdraws it) and return the thanks, for the person alone.

        ``key`` names the press; one that was delivered before changes nothing.
        """
        language = await self._language(space, locale)
        try:
            now = await self.services.feedback.press(space, answer_id, person, thumb, key)
        except UserError as error:
            return Reply(explain_markdown(language, error), language, private=True)
        except Exception:  # the error boundary, for a rating instead of a message
            reference = new_reference()
            log.exception("fault %s while rating answer %s", reference, answer_id)
            return Reply(say_markdown(language, "error.internal", reference=reference), language, private=True)
        buttons = (human_button(language, answer_id),) if now == "down" else ()
        return Reply(say_markdown(language, f"rating.{now or 'withdrawn'}"), language, private=True, buttons=buttons)

    async def answer_at(self, space: SpaceId, message_ref: str) -> int | None:
        """Return the id of the answer that a platform's message shows, also one that an earlier process sent."""
        return await self.services.feedback.answers.shown_at(space, message_ref)

    def judge_audiences(self, platform: Platform, judge: AudienceJudge) -> None:
        """Have ``judge`` tell from now on which audiences the platform's conversations may read."""
        self.audiences.judge(platform, judge)

    async def complete(
        self, space: SpaceId, conversation: str, person: Person, names: str, typed: str
    ) -> tuple[ArgumentCompletion, ...]:
        """Return the documents or proposals that may be read in a conversation and whose title contains ``typed``.

        None when reading them fails, and over the limit of the person who types.
        """
        if not self.limits.admit_completion(person):
            return ()
        wanted = typed.strip().casefold()
        try:
            scope = await self.audiences.scope(space, conversation)
            if names == "document":
                known = [(each.id, each.title) for each in await self.services.documents.of(scope).documents()]
            else:
                known = [(each.id, each.title) for each in await self.services.reviews.at(scope, person).pending()]
        except Exception:  # the error boundary: whoever is typing goes on typing
            log.exception("nothing to complete for %s", names)
            return ()
        fitting = [ArgumentCompletion(f"#{number} {title}", str(number)) for number, title in known]
        return tuple(each for each in fitting if wanted in each.label.casefold())

    async def open_private_chat(self, platform: Platform, space: SpaceId) -> bool:
        """Deliver the private replies kept for the person of a private chat, which is open now; return if any were.

        Without the database they wait for the person's next message.
        """
        try:
            return await self.inbox.release(platform, space)
        except DATABASE_FAILURES as error:
            log.error("what is kept for %s waits on: %s", space, error)
            return False

    async def is_free_channel(self, space: SpaceId, conversation: str) -> bool:
        """Tell whether a conversation is a free channel, where unaddressed messages are handled too."""
        return await self.channels.mode(space, conversation) == "free"

    @property
    def watched_channels(self) -> ChannelWatch:
        """Return the watched channels, for the adapters that read them."""
        return self.services.channels

    async def hear(self, heard: HeardMessage) -> Message | None:
        """Return the call that a message which people wrote to each other amounts to, if it is one. Never raises."""
        call = None
        with logged_alone("nothing is learned of %s after a fault", heard.message.key):
            call = await self.listener.hear(heard)
        return call

    async def hear_edit(self, heard: HeardMessage) -> None:
        """Take over the new words of a message that something was learned of. Never raises."""
        with logged_alone("what was learned of %s stays as it was after a fault", heard.message.key):
            await self.listener.edit(heard)

    async def hear_deletion(self, space: SpaceId, key: str) -> None:
        """Forget what was learned of a message that was deleted. Never raises."""
        with logged_alone("what was learned of %s stays after a fault", key):
            await self.listener.delete(space, key)

    async def recent_conversations(self, platform: Platform) -> list[tuple[SpaceId, str]]:
        """Return the spaces and conversations of a platform where somebody asked within a day, the latest first."""
        return await self.services.conversations.recent(platform)

    async def move_space(self, space: SpaceId, new: SpaceId) -> None:
        """Give a space and everything that belongs to it the id ``new``."""
        log.info("%s is %s from now on", space, new)
        await self.channels.move(space, new)

    async def _carry_out(self, unbound: Message, outlet: Outlet) -> None:
        language = await self._language(unbound.space, unbound.locale)
        async with explained(unbound.key, language, outlet):
            message = replace(self.private_teaching.bound(unbound), locale=language)
            message = await self.listener.bound(await self._placed(message))
            if message.command is not None:
                message = await self._permitted(message, message.command, language)
            await self.processor.process(message, outlet)

    async def _permitted(self, message: Message, name: str, language: Language) -> Message:
        """Return a call that its sender may make, as that of the audience it teaches. A guest carries out none."""
        if is_guest(message.space):
            raise BadInput("guest.command")
        command = self.registry.get(name)
        if command is None:
            raise BadInput("command.unknown", command=name)
        require_permission(message.person, command)
        require_arguments(message, command, language)
        return await self._teaching(message, command)

    async def _handle_unaddressed(self, message: Message, outlet: Outlet) -> None:
        """Answer a question that was not addressed to AION, once and if confident; in every other case keep silent."""
        with logged_alone("silent about %s after a fault", message.key):
            if not is_question(message.text) or self.limits.admit(message) > 0:
                return
            if not await self.inbox.claim(message.space, message.key):
                return
            await self.processor.process_unaddressed(await self._placed(message), outlet)

    async def _placed(self, message: Message) -> Message:
        """Return a message with all that may be read where it is."""
        scope = await self.audiences.scope(message.space, message.conversation)
        return replace(message, others=scope.others)

    async def _teaching(self, message: Message, command: Command) -> Message:
        """Return the call of a command that teaches as one of the audience it names; it reads what it did."""
        named = next((each.name for each in command.parameters if each.kind == "audience"), "")
        if not (typed := message.arguments.get(named, "")):
            return message
        space = await self.audiences.taught(message, typed)
        others = {message.space, *message.others} - {space, community_of(space)}
        return replace(message, space=space, others=tuple(sorted(others)))

    async def _language(self, space: SpaceId, locale: str | None) -> Language:
        """Return the language that is set for a space, else that of a person's locale."""
        spoken = await self.spoken_language(space)
        return language_of_locale(locale, self.default_language) if spoken == "each" else spoken
