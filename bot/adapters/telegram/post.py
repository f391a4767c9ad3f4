"""One reply's way into a Telegram chat: a ``Post`` of messages with entities, and what each failure means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from typing import TypeVar

import httpx
from telegram import Bot, LinkPreviewOptions, MessageEntity, ReplyParameters
from telegram.constants import ChatAction
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.adapters.telegram.entities import MAX_UNITS, formatted, markdown_of
from bot.adapters.telegram.keyboard import buttons_under
from bot.adapters.telegram.rate_limits import TelegramRateLimits, ban_s
from bot.adapters.telegram.reactions import ShownAnswers
from bot.adapters.telegram.translate import TelegramPlace
from bot.delivery.errors import DeliveryFailed, MessageGone, NotDelivered, PossiblyDelivered, Undeliverable
from bot.delivery.post import Capabilities, RenderedMessage
from bot.delivery.split import utf16_units
from core.types import File, Reply

T = TypeVar("T")
Entities = Sequence[MessageEntity]

TYPING_INTERVAL_S = 4.5
"""Telegram shows the typing sign for five seconds."""

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid", "message to delete not found")
_NEVER_REACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, slots=True)
class SentMessage:
    """Where a message of the bot stands."""

    chat_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class Asker:
    """To whom a reply goes: the message it answers, and the private chat with its author, where there is one."""

    message_id: int | None = None
    private_chat_id: int | None = None


def address_of(place: TelegramPlace, asker: Asker) -> dict[str, str]:
    """Write down where a reply goes, for another process."""
    return {
        "chat": str(place.chat_id),
        "topic": str(place.topic_id or ""),
        "is_private": "yes" if place.is_private else "",
        "message": str(asker.message_id or ""),
        "asker": str(asker.private_chat_id or ""),
    }


def place_and_asker(address: Mapping[str, str]) -> tuple[TelegramPlace, Asker]:
    """Read an address from ``address_of``."""
    topic, message, asker = address["topic"], address["message"], address["asker"]
    place = TelegramPlace(int(address["chat"]), int(topic) if topic else None, bool(address["is_private"]))
    return place, Asker(int(message) if message else None, int(asker) if asker else None)


def unsent(error: TelegramError) -> bool:
    """Tell whether a failed call surely had no effect: it never left, or Telegram answered that it failed."""
    if isinstance(error.__cause__, httpx.HTTPError):
        return isinstance(error.__cause__, _NEVER_REACHED)
    return isinstance(error, NetworkError) and "gateway timeout" not in error.message.lower()


class TelegramPost:
    """Writes one reply into one place.

    A private reply in a group goes to the asker's private chat with the bot. Telegram has nothing that only one
    member of a group can see, so where that chat was never started, it stays in the group.
    """

    def __init__(
        self,
        bot: Bot,
        traffic: TelegramRateLimits,
        shown: ShownAnswers,
        place: TelegramPlace,
        asker: Asker,
        edit_interval_s: float,
    ) -> None:
        self._bot = bot
        self._traffic = traffic
        self._chat_id = place.chat_id
        self._topic_id = place.topic_id
        self._asker_message_id = None if place.is_private else asker.message_id
        self._private_chat_id = None if place.is_private else asker.private_chat_id
        self._edit_interval_s = edit_interval_s
        self._shown = shown
        self._has_drafts = place.is_private and asker.message_id is not None
        self._draft_id = asker.message_id or 0

    @property
    def capabilities(self) -> Capabilities:
        """Say what this chat can take."""
        return Capabilities(MAX_UNITS, utf16_units, self._edit_interval_s, TYPING_INTERVAL_S)

    def render(self, reply: Reply) -> str:
        """Return the reply's Markdown with its sources below."""
        return markdown_of(reply)

    async def typing(self) -> None:
        """Show that an answer is on its way, if the chat's budget can spare it."""
        self._traffic.spare(self._chat_id)
        await self._call(
            self._chat_id,
            lambda: self._bot.send_chat_action(self._chat_id, ChatAction.TYPING, message_thread_id=self._topic_id),
            NotDelivered,
        )

    async def preview(self, text: str) -> bool:
        """Show the text so far as a draft, which only a private chat has and only until the message itself comes."""
        if not self._has_drafts:
            return False
        shown, entities = formatted(text)
        self._traffic.spare(self._chat_id)
        try:
            await self._call(
                self._chat_id,
                lambda: self._bot.send_message_draft(
                    self._chat_id, self._draft_id, shown, message_thread_id=self._topic_id, entities=entities
                ),
                NotDelivered,
            )
        except (Undeliverable, MessageGone):
            self._has_drafts = False
        return self._has_drafts

    async def admit(self, bubble: RenderedMessage) -> None:
        """Return when the budgets of the bot and of the chat allow a message."""
        private_chat_id = self._private_chat_id if bubble.private else None
        await self._admit(private_chat_id or self._chat_id, bubble)

    def on_its_way(self) -> AbstractAsyncContextManager[object]:
        """Return a place among the few messages that are sent at a time."""
        return self._traffic.on_its_way

    async def send(self, bubble: RenderedMessage, index: int) -> SentMessage:
        """Send a new message; in a group the first one answers the asker's. A lost response is not sent again."""
        if bubble.private and self._private_chat_id is not None:
            with suppress(Undeliverable):
                return await self._send(bubble, self._private_chat_id, None, None)
            self._private_chat_id = None
            await self.admit(bubble)
        return await self._send(bubble, self._chat_id, self._topic_id, self._asker_message_id if index == 0 else None)

    async def edit(self, handle: SentMessage, bubble: RenderedMessage) -> None:
        """Change a sent message. Raises ``MessageGone`` when it was deleted, or must not be read by everyone."""
        if bubble.private and self._private_chat_id is not None:
            with suppress(Undeliverable):
                await self.delete(handle)
            raise MessageGone("a private reply leaves the group")
        buttons = buttons_under(bubble.answer_id, bubble.buttons)

        if bubble.file is not None:
            with suppress(Undeliverable):
                await self.delete(handle)
            raise MessageGone("a text does not become a picture")

        async def edit(text: str, entities: Entities) -> None:
            await self._bot.edit_message_text(
                text,
                handle.chat_id,
                handle.message_id,
                entities=entities,
                link_preview_options=_NO_PREVIEW,
                reply_markup=buttons,
            )

        await self._admit(handle.chat_id, bubble)
        with suppress(_Unchanged):
            await self._call(handle.chat_id, lambda: _plain_if_refused(bubble.text, edit), NotDelivered)
        self._note(handle, bubble)

    async def delete(self, handle: SentMessage) -> None:
        """Remove a sent message."""
        await self._traffic.admit(handle.chat_id)
        with suppress(MessageGone):
            await self._call(
                handle.chat_id, lambda: self._bot.delete_message(handle.chat_id, handle.message_id), NotDelivered
            )

    def name(self, handle: SentMessage) -> str:
        """Return where a sent message stands, as text."""
        return f"{handle.chat_id}:{handle.message_id}"

    def find(self, name: str) -> SentMessage:
        """Return where a message named so stands."""
        chat_id, message_id = name.split(":")
        return SentMessage(int(chat_id), int(message_id))

    def repeats(self, index: int) -> bool:
        """Return ``False``: Telegram has nothing to recognise a message by that it was sent before."""
        return False

    async def _send(
        self, bubble: RenderedMessage, chat_id: int, topic_id: int | None, reply_to: int | None
    ) -> SentMessage:
        buttons = buttons_under(bubble.answer_id, bubble.buttons)
        reply = ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to is not None else None
        if bubble.file is not None:
            return await self._send_file(bubble.file, chat_id, topic_id)

        async def send(text: str, entities: Entities) -> SentMessage:
            message = await self._bot.send_message(
                chat_id,
                text,
                entities=entities,
                message_thread_id=topic_id,
                link_preview_options=_NO_PREVIEW,
                reply_parameters=reply,
                reply_markup=buttons,
            )
            return SentMessage(message.chat_id, message.message_id)

        sent = await self._call(chat_id, lambda: _plain_if_refused(bubble.text, send), PossiblyDelivered)
        self._note(sent, bubble)
        return sent

    def _note(self, sent: SentMessage, bubble: RenderedMessage) -> None:
        if bubble.answer_id is not None:
            self._shown.note(sent.chat_id, sent.message_id, bubble.answer_id)

    async def _send_file(self, file: File, chat_id: int, topic_id: int | None) -> SentMessage:
        async def send() -> SentMessage:
            show = self._bot.send_photo if file.name.endswith(".png") else self._bot.send_document
            message = await show(chat_id, file.data, filename=file.name, message_thread_id=topic_id)
            return SentMessage(message.chat_id, message.message_id)

        return await self._call(chat_id, send, PossiblyDelivered)

    async def _admit(self, chat_id: int, bubble: RenderedMessage) -> None:
        if bubble.cosmetic:
            self._traffic.spare(chat_id)
        else:
            await self._traffic.admit(chat_id)

    async def _call(self, chat_id: int, call: Callable[[], Awaitable[T]], unsure: Callable[[str], DeliveryFailed]) -> T:
        """Make a call and say what its failure means; ``unsure`` is for one that may have taken effect."""
        try:
            return await call()
        except RetryAfter as flood:
            self._traffic.ban(chat_id, seconds := ban_s(flood))
            raise NotDelivered(f"flood ban of {seconds} s", retry_after_s=seconds) from flood
        except ChatMigrated as moved:
            self._chat_id = moved.new_chat_id if chat_id == self._chat_id else self._chat_id
            raise MessageGone("the group became a supergroup, and starts anew there") from moved
        except BadRequest as refusal:
            raise _meaning(refusal) from refusal
        except (Forbidden, InvalidToken) as refusal:
            raise Undeliverable(refusal.message) from refusal
        except TelegramError as error:
            raise (NotDelivered if unsent(error) else unsure)(error.message) from error


class _Unchanged(DeliveryFailed):
    """The message already says exactly that."""


def _meaning(refusal: BadRequest) -> DeliveryFailed:
    reason = refusal.message.lower()
    if "message is not modified" in reason:
        return _Unchanged(refusal.message)
    return (MessageGone if any(gone in reason for gone in _GONE) else Undeliverable)(refusal.message)


async def _plain_if_refused(markdown: str, show: Callable[[str, Entities], Awaitable[T]]) -> T:
    """Show Markdown as formatted text, and as it was written when Telegram refuses the formatting."""
    text, entities = formatted(markdown)
    try:
        return await show(text, entities)
    except BadRequest as refusal:
        if not entities or not isinstance(_meaning(refusal), Undeliverable):
            raise
        return await show(markdown, ())
