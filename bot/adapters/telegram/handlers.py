"""What happens to one Telegram update: a message goes to the core and its reply back, a pressed thumb is counted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from telegram import Bot, ChatMember, Document, Update
from telegram import Message as TelegramMessage
from telegram.error import BadRequest, Forbidden, InvalidToken, TelegramError

from bot.adapters.telegram.albums import Album, Albums
from bot.adapters.telegram.callbacks import CallbackHandler
from bot.adapters.telegram.keyboard import calls_under
from bot.adapters.telegram.loop_guard import LoopGuard
from bot.adapters.telegram.polling import PollTiming, persist
from bot.adapters.telegram.post import Asker, TelegramPost, address_of, place_and_asker
from bot.adapters.telegram.rate_limits import TelegramRateLimits
from bot.adapters.telegram.reactions import Reactions, ShownAnswers
from bot.adapters.telegram.translate import (
    AddressedMessage,
    TelegramPlace,
    author_of,
    is_anonymous_admin,
    is_for_anyone,
    move_of,
    place_named,
    place_of,
    summons_of,
)
from bot.delivery.backlog import Backlog
from bot.delivery.button_press import completed
from bot.delivery.edited_questions import WINDOW, EditedQuestions
from bot.delivery.stream import StreamedReply
from core.errors import BadInput, Unavailable
from core.ports import AdapterApi
from core.texts import language_of_locale, say
from core.types import Attachment, Language, Message, Person, PostedMessage, Reply
from core.types.delivery import UnfinishedMessage

log = logging.getLogger(__name__)

Work = Coroutine[Any, Any, None]

N_ATTEMPTS = 3
_REFUSALS = (BadRequest, Forbidden, InvalidToken)
_MODERATORS = (ChatMember.OWNER, ChatMember.ADMINISTRATOR)
_DEFAULT_LANGUAGE: Language = "en"


@dataclass(frozen=True, slots=True)
class Timing:
    """The adapter's own times, in seconds. Telegram bans whoever edits faster than this."""

    patience: PollTiming = field(default_factory=PollTiming)
    private_edit_s: float = 1.5
    group_edit_s: float = 3.0
    album_s: float = 0.7
    toast_s: float = 3.0
    taking_s: float = 20.0
    farewell_s: float = 5.0


class UpdateHandlers:
    """Carries updates of one initialised bot to the core."""

    def __init__(self, front: AdapterApi, bot: Bot, timing: Timing, start: Callable[[Work], object]) -> None:
        self._front = front
        self._bot = bot
        self._timing = timing
        self._traffic = TelegramRateLimits()
        self._shown = ShownAnswers()
        self._reactions = Reactions(front, self._shown)
        self._albums = Albums(timing.album_s)
        self._loops = LoopGuard()
        self.backlog = Backlog(front, "telegram", self._resume, start)
        self._revisions = EditedQuestions(front.inbox, self.backlog)
        self._presses = CallbackHandler(
            front, bot, self.backlog, timing.patience, timing.toast_s, self._post_at, self._moderates
        )

    async def receive(self, update: Update, taken: Callable[[], None]) -> None:
        """Do what an update asks, to the end; ``taken`` is called once a crash would not lose it."""
        if update.callback_query is not None:
            await self._presses.pressed(update.callback_query, taken)
        elif update.message_reaction is not None:
            await self._reactions.changed(update.message_reaction, update.update_id, taken)
        elif update.message is not None and (move := move_of(update.message)) is not None:
            await self._front.move_space(*move)
            taken()
        elif update.message is not None:
            await self._arrived(update.message, taken)
        elif update.edited_message is not None:
            await self._edited(update.edited_message, taken)

    # --- messages ---------------------------------------------------------------------------------

    async def _arrived(self, message: TelegramMessage, taken: Callable[[], None]) -> None:
        if (group_id := message.media_group_id) is None:
            return await self._said((message,), taken)
        if (album := self._albums.add(message, group_id, taken)) is None:
            return
        try:
            if not album.is_captioned:
                await album.whole()
            await self._said(album.parts, album.taken, album)
        finally:
            album.taken()
            self._albums.close(message, group_id)

    async def _said(
        self, parts: Sequence[TelegramMessage], taken: Callable[[], None], album: Album | None = None
    ) -> None:
        """Answer what was said; of an ``album`` the words are enough to take it on, and its files may still arrive."""
        head = next((part for part in parts if part.caption), parts[0])
        person, summons = author_of(head), summons_of(head, self._bot.bot, self._front.registry)
        place = place_of(head)
        if person is None or self._goes_round(head, place, summons):
            return
        if summons is not None and summons.line is None:
            line = completed(calls_under(head.reply_to_message), summons.text, self._front.registry)
            summons = replace(summons, line=line)
        post = self._post(head, place)
        if summons is None:
            if is_for_anyone(head) and await self._front.is_free_channel(place.space, place.conversation):
                taken()  # nobody waits for it, so a crash may lose it
                await self._overheard(parts, head, person, place, post)
            return
        if head.text or head.caption:
            message = await self._message(parts, head, person, place, summons)
            async with self.backlog.accepted(message) as is_new:
                taken()
                if is_new:
                    journal = self._front.inbox.journal(message)
                    async with StreamedReply(post, journal=journal) as outlet:
                        self._revisions.note(message, outlet, journal)
                        if album is not None:
                            files = self._files(await album.whole(), head, summons)
                            message = replace(message, attachments=files)
                        await self._front.handle(message, outlet)
        elif await self._front.inbox.claim(place.space, _key(place, parts)):
            language = language_of_locale(_locale(head), _DEFAULT_LANGUAGE)
            hint = "telegram.file_alone" if head.document else "telegram.wordless"
            await StreamedReply(post).send(Reply(say(language, hint), language))

    async def _edited(self, message: TelegramMessage, taken: Callable[[], None]) -> None:
        """Answer a question anew that was edited within a minute."""
        person, summons = author_of(message), summons_of(message, self._bot.bot, self._front.registry)
        is_late = message.edit_date is None or message.edit_date - message.date > WINDOW
        if person is None or summons is None or summons.line is not None or not summons.text or is_late:
            return
        place = place_of(message)
        edited = await self._message((message,), message, person, place, summons)
        async with self._revisions.revised(edited) as journal:
            taken()
            if journal is not None:
                async with StreamedReply(self._post(message, place), journal=journal) as outlet:
                    self._revisions.note(edited, outlet, journal)
                    await self._front.handle(edited, outlet)

    def _goes_round(self, message: TelegramMessage, place: TelegramPlace, summons: AddressedMessage | None) -> bool:
        """Tell whether this is one more of too many calls in a row by what speaks as a chat, and may be a bot."""
        if message.sender_chat is None:
            self._loops.hear_person(place.conversation)
            return False
        return summons is not None and not self._loops.admits(place.conversation)

    async def _overheard(
        self,
        parts: Sequence[TelegramMessage],
        head: TelegramMessage,
        person: Person,
        place: TelegramPlace,
        post: TelegramPost,
    ) -> None:
        """Pass on what was said to nobody in a free chat, without a sign of it until there is an answer."""
        summons = AddressedMessage(head.text or head.caption or "")
        message = replace(await self._message(parts, head, person, place, summons), addressed=False)
        await self._front.handle(message, StreamedReply(post))

    def _post(self, message: TelegramMessage, place: TelegramPlace) -> TelegramPost:
        return self._post_at(place, _asker(message))

    def _post_at(self, place: TelegramPlace, asker: Asker) -> TelegramPost:
        interval_s = self._timing.private_edit_s if place.is_private else self._timing.group_edit_s
        return TelegramPost(self._bot, self._traffic, self._shown, place, asker, interval_s)

    async def _resume(self, unfinished: UnfinishedMessage) -> None:
        message = unfinished.message
        if "chat" in message.address:
            post = self._post_at(*place_and_asker(message.address))
        else:  # a notice, which answers nobody's message
            post = self._post_at(place_named(message.conversation), Asker())
        journal = self._front.inbox.journal(message, unfinished.parts)
        async with StreamedReply(post, journal=journal) as outlet:
            await self._front.resume(unfinished, outlet)

    async def _message(
        self,
        parts: Sequence[TelegramMessage],
        head: TelegramMessage,
        person: Person,
        place: TelegramPlace,
        summons: AddressedMessage,
    ) -> Message:
        line = summons.line
        command = self._front.registry.get(line.name) if line else None
        return Message(
            key=_key(place, parts),
            platform="telegram",
            space=place.space,
            conversation=place.conversation,
            person=replace(person, is_moderator=line is not None and await self._author_moderates(head, place)),
            text=summons.text,
            locale=_locale(head),
            command=line.name if line else None,
            arguments=line.arguments(command) if line and command else {},
            attachments=self._files(parts, head, summons),
            address=address_of(place, _asker(head)),
            quoted=self._quoted(head, place) if line else (),
        )

    def _quoted(self, head: TelegramMessage, place: TelegramPlace) -> tuple[PostedMessage, ...]:
        """Return what a command replies to; nobody is asked about what a bot or an automatic post says."""
        said = head.reply_to_message
        author = author_of(said) if said is not None and said.forum_topic_created is None else None
        text = (said.text or said.caption or "") if said is not None else ""
        if said is None or author is None or not text:
            return ()
        url = said.link or f"telegram:{place.chat_id}:{said.message_id}"
        return (PostedMessage(author, text, url, address=address_of(place, _asker(said))),)

    async def _author_moderates(self, message: TelegramMessage, place: TelegramPlace) -> bool:
        if is_anonymous_admin(message):
            return True
        user = message.from_user if message.sender_chat is None else None
        return user is not None and await self._moderates(place, user.id)

    def _files(
        self, parts: Sequence[TelegramMessage], head: TelegramMessage, summons: AddressedMessage
    ) -> tuple[Attachment, ...]:
        """Return the files of a message, and for a command those of the message it replies to."""
        carriers = [*parts, head.reply_to_message] if summons.line else parts
        return tuple(self._attachment(part.document) for part in carriers if part and part.document)

    async def _moderates(self, place: TelegramPlace, user_id: int) -> bool:
        """Ask Telegram, each time anew: a role taken away counts at once. Where it cannot say, the answer is no.

        Everyone moderates their own private chat: what is taught there is read there alone.
        """
        if place.is_private:
            return True
        try:
            member = await persist(
                lambda: self._bot.get_chat_member(place.chat_id, user_id),
                self._timing.patience,
                "getChatMember",
                _REFUSALS,
                N_ATTEMPTS,
            )
        except TelegramError as error:
            log.warning("taken for no moderator, since Telegram did not say: %s", error.message)
            return False
        return member.status in _MODERATORS

    def _attachment(self, document: Document) -> Attachment:
        name = document.file_name or f"{document.file_unique_id}.txt"

        async def fetch() -> bytes:
            file = await self._bot.get_file(document.file_id)
            return bytes(await file.download_as_bytearray())

        async def read() -> bytes:
            try:
                return await persist(fetch, self._timing.patience, "getFile", _REFUSALS, N_ATTEMPTS)
            except TelegramError as error:
                if "file is too big" in error.message.lower():
                    raise BadInput("telegram.file_too_big", name=name) from error
                raise Unavailable("telegram.file_unavailable", name=name) from error

        return Attachment(name, document.file_size or 0, read)


def _key(place: TelegramPlace, parts: Sequence[TelegramMessage]) -> str:
    """Return what a message is known by: an album by its own number, since its parts come in any order."""
    group_id = parts[0].media_group_id
    return (
        f"telegram:{place.chat_id}:album{group_id}" if group_id else f"telegram:{place.chat_id}:{parts[0].message_id}"
    )


def _asker(message: TelegramMessage) -> Asker:
    user = message.from_user if message.sender_chat is None else None
    return Asker(message.message_id, user.id if user else None)


def _locale(message: TelegramMessage) -> str | None:
    return message.from_user.language_code if message.from_user and message.sender_chat is None else None
