"""Handles Telegram updates: messages and edits here, pressed buttons and reactions by their own handlers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from telegram import Bot, Update
from telegram import Message as TelegramMessage

from bot.adapters.telegram.address import Asker, TelegramPlace, asker_of, place_and_asker, place_named, place_of
from bot.adapters.telegram.albums import Album, Albums
from bot.adapters.telegram.attachments import attachment_of
from bot.adapters.telegram.buttons import calls_under
from bot.adapters.telegram.callbacks import CallbackHandler
from bot.adapters.telegram.guests.post import GuestPost
from bot.adapters.telegram.guests.questions import GuestQuestions
from bot.adapters.telegram.loop_guard import LoopGuard
from bot.adapters.telegram.moderators import ChatModerators
from bot.adapters.telegram.post import TelegramPost
from bot.adapters.telegram.rate_limits import TelegramRateLimits
from bot.adapters.telegram.reactions import ReactionHandler, ShownAnswers
from bot.adapters.telegram.timing import Timing
from bot.adapters.telegram.translate import (
    AddressedMessage,
    addressed_message,
    author_of,
    exported_message_of,
    head_of,
    is_typed,
    is_unaddressed,
    key_of,
    locale_of,
    message_of,
    move_of,
    opens_for_reply,
    wordless_kind,
)
from bot.delivery.answering import MessageHandler
from bot.delivery.edited_questions import EDIT_WINDOW
from bot.delivery.reply_commands import declined_answer, reply_command
from bot.delivery.tasks import TaskSet
from core.ports import AdapterApi
from core.texts import language_of_locale, say_markdown
from core.types import Attachment, ChannelPlace, HeardMessage, Language, Message, Person, Reply

_DEFAULT_LANGUAGE: Language = "en"


class UpdateHandlers:
    """Carries the updates of one initialised bot to the core."""

    def __init__(self, api: AdapterApi, bot: Bot, timing: Timing, tasks: TaskSet) -> None:
        self._api = api
        self._bot = bot
        self._timing = timing
        self._rate_limits = TelegramRateLimits()
        self._shown = ShownAnswers()
        self._reactions = ReactionHandler(api, self._shown)
        self._albums = Albums(timing.album_s)
        self._loops = LoopGuard()
        self._moderators = ChatModerators(bot, timing.poll)
        self._messages = MessageHandler(api, "telegram", tasks, self._post_at)
        self._guests = GuestQuestions(bot, api.registry, self._messages, self._rate_limits, timing)
        self._callbacks = CallbackHandler(api, bot, self._messages, timing, self._moderators, self._post_to)

    def start_backlog(self) -> None:
        """Resume unfinished messages, now and as they become due."""
        self._messages.start_backlog()

    async def receive(self, update: Update, accepted: Callable[[], None]) -> None:
        """Handle an update to the end; ``accepted`` is called once a crash would not lose it."""
        if update.callback_query is not None:
            await self._callbacks.pressed(update.callback_query, accepted)
        elif update.message_reaction is not None:
            await self._reactions.changed(update.message_reaction, update.update_id, accepted)
        elif update.message is not None and (move := move_of(update.message)) is not None:
            await self._api.move_space(*move)
            accepted()
        elif update.message is not None:
            await self._receive_message(update.message, accepted)
        elif update.guest_message is not None:
            await self._guests.asked(update.guest_message, accepted)
        elif update.edited_message is not None:
            await self._hear_edit(update.edited_message)
            await self._answer_edited(update.edited_message, accepted)

    # --- messages ---------------------------------------------------------------------------------

    async def _receive_message(self, message: TelegramMessage, accepted: Callable[[], None]) -> None:
        if (group_id := message.media_group_id) is None:
            return await self._handle((message,), accepted)
        if (album := self._albums.add(message, group_id, accepted)) is None:
            return
        try:
            if not album.is_captioned:
                await album.complete()
            await self._handle(album.parts, album.accepted, album)
        finally:
            album.accepted()
            self._albums.close(message, group_id)

    async def _handle(
        self, parts: Sequence[TelegramMessage], accepted: Callable[[], None], album: Album | None = None
    ) -> None:
        """Handle a message; of an ``album`` the words are enough to accept it, and its files may still arrive."""
        head = head_of(parts)
        person, addressed = author_of(head), addressed_message(head, self._bot.bot, self._api.registry)
        if person is None or self._is_looping(head, addressed):
            return
        if addressed is None:
            return await self._hear(parts, person, accepted)
        if (place := place_of(head)).is_private:
            has_opened = await self._api.open_private_chat("telegram", place.space)
            if opens_for_reply(head):
                return accepted() if has_opened else await self._say(parts, person, "private.nothing")
        addressed = self._as_command(head, addressed)
        has_words = addressed.line is not None or addressed.text
        if not (has_words or head.voice) and (kind := wordless_kind(head, self._bot.bot)) is not None:
            return await self._say(parts, person, f"wordless.{kind}")
        await self._answer(parts, person, addressed, accepted, album)

    def _as_command(self, head: TelegramMessage, addressed: AddressedMessage) -> AddressedMessage:
        """Return a reply to a message whose buttons take replies as the command that they call."""
        if addressed.line is not None or not is_typed(head):
            return addressed
        calls = list(calls_under(head.reply_to_message))
        line = reply_command(calls, addressed.text, self._api.registry)
        return replace(addressed, line=line, declined=declined_answer(calls) if line is None else None)

    async def _answer(
        self,
        parts: Sequence[TelegramMessage],
        person: Person,
        addressed: AddressedMessage,
        accepted: Callable[[], None],
        album: Album | None,
    ) -> None:
        if self._api.is_silenced(place_of(head_of(parts)).space, person):
            return accepted()
        message = await self._message(parts, person, addressed)

        async def prepare() -> Message:
            if album is None:
                return message
            return replace(message, attachments=self._files(await album.complete(), addressed))

        await self._messages.answer(message, self._post_under(head_of(parts)), accepted=accepted, prepare=prepare)

    async def _say(self, parts: Sequence[TelegramMessage], person: Person, key: str) -> None:
        head = head_of(parts)
        language = language_of_locale(locale_of(head), _DEFAULT_LANGUAGE)
        reply = Reply(say_markdown(language, key), language)
        await self._messages.reply_once(place_of(head).space, person, key_of(parts), self._post_under(head), reply)

    async def _answer_edited(self, message: TelegramMessage, accepted: Callable[[], None]) -> None:
        """Answer a question anew that was edited within ``EDIT_WINDOW``."""
        person, addressed = author_of(message), addressed_message(message, self._bot.bot, self._api.registry)
        is_late = message.edit_date is None or message.edit_date - message.date > EDIT_WINDOW
        if person is None or addressed is None or addressed.line is not None or not addressed.text or is_late:
            return
        edited = await self._message((message,), person, addressed)
        await self._messages.answer_edited(edited, self._post_under(message), accepted=accepted)

    async def _hear(self, parts: Sequence[TelegramMessage], person: Person, accepted: Callable[[], None]) -> None:
        """Learn a trusted reply; in a free channel, answer a question that is to nobody in particular."""
        head = head_of(parts)
        if (text := head.text or head.caption) and not place_of(head).is_private:
            call = await self._api.hear(self._heard(head, await self._message(parts, person, AddressedMessage(text))))
            if call is not None:
                await self._messages.answer(call, self._post_under(head), accepted=accepted)
                return
            await self._keep(head, text)
        await self._overhear(parts, person, accepted)

    async def _keep(self, message: TelegramMessage, text: str) -> None:
        """Keep what was said where it is watched: the topic, or all of the group."""
        place = place_of(message)
        readings = self._api.watched_channels
        for watch in await readings.watching("telegram"):
            if watch.target in (place.conversation, place.space):
                here = ChannelPlace(place.conversation, place.space, cursor=str(message.message_id), is_read=True)
                await readings.keep(watch, [here], [exported_message_of(message, text)])

    async def _hear_edit(self, message: TelegramMessage) -> None:
        """Let what was learned of a message follow its new words."""
        person, text = author_of(message), message.text or message.caption
        if person is not None and text and not place_of(message).is_private:
            said = await self._message((message,), person, AddressedMessage(text))
            await self._api.hear_edit(self._heard(message, said))

    def _heard(self, message: TelegramMessage, said: Message) -> HeardMessage:
        replied = message.reply_to_message
        is_reply = replied is not None and replied.forum_topic_created is None
        return HeardMessage(
            replace(said, addressed=False),
            message.date,
            lambda: self._moderators.includes_author(message),
            reply_to=key_of((replied,)) if replied is not None and is_reply else "",
        )

    async def _overhear(self, parts: Sequence[TelegramMessage], person: Person, accepted: Callable[[], None]) -> None:
        """Pass an unaddressed message on in a free channel; a crash may lose it, since nobody awaits an answer."""
        head = head_of(parts)
        place = place_of(head)
        if is_unaddressed(head) and await self._api.is_free_channel(place.space, place.conversation):
            accepted()
            said = await self._message(parts, person, AddressedMessage(head.text or head.caption or ""))
            await self._messages.overhear(replace(said, addressed=False), self._post_under(head))

    def _is_looping(self, message: TelegramMessage, addressed: AddressedMessage | None) -> bool:
        """Return whether ``LoopGuard`` refuses this message, sent as a chat and so perhaps by a bot."""
        conversation = place_of(message).conversation
        if message.sender_chat is None:
            self._loops.note_person(conversation)
            return False
        return addressed is not None and not self._loops.admits(conversation)

    # --- translation that asks Telegram -----------------------------------------------------------

    async def _message(self, parts: Sequence[TelegramMessage], person: Person, addressed: AddressedMessage) -> Message:
        """Return the parts as a ``Message``; where it may matter Telegram is asked whether its author moderates."""
        matters = addressed.line is not None or addressed.declined is not None
        is_moderator = matters and await self._moderators.includes_author(head_of(parts))
        author = replace(person, is_moderator=is_moderator)
        return message_of(parts, author, addressed, self._api.registry, self._files(parts, addressed))

    def _files(self, parts: Sequence[TelegramMessage], addressed: AddressedMessage) -> tuple[Attachment, ...]:
        """Return the files of a message, and for a command those of the message it replies to."""
        carriers = [*parts, head_of(parts).reply_to_message] if addressed.line else parts
        files = [file for part in carriers if part and (file := part.document or part.voice)]
        return tuple(attachment_of(file, self._bot, self._timing.poll) for file in files)

    # --- where replies go -------------------------------------------------------------------------

    def _post_under(self, message: TelegramMessage) -> TelegramPost:
        return self._post_to(place_of(message), asker_of(message))

    def _post_at(self, message: Message) -> TelegramPost | GuestPost:
        """Return where the reply to a stored message goes; a stored notice replies to nobody's message."""
        if self._guests.is_asked_at(message.address):
            return self._guests.post_at(message.address)
        if "chat" in message.address:
            return self._post_to(*place_and_asker(message.address))
        return self._post_to(place_named(message.conversation), Asker())

    def _post_to(self, place: TelegramPlace, asker: Asker) -> TelegramPost:
        interval_s = self._timing.private_edit_s if place.is_private else self._timing.group_edit_s
        return TelegramPost(self._bot, self._rate_limits, self._shown, place, asker, interval_s)
