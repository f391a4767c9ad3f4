"""Spaces and places on Telegram, and where the reply to a stored message goes, also in another process."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from telegram import Chat
from telegram import Message as TelegramMessage

from core.types import SpaceId

START_PRIVATE = "private"
"""Payload of the deep link that opens the private chat for a private reply (https://core.telegram.org/bots/features)."""

_CONVERSATION = re.compile(r"telegram:(?P<dm>dm:)?(?P<chat>-?\d+)(?::(?P<topic>\d+))?")


@dataclass(frozen=True, slots=True)
class TelegramPlace:
    """A chat, and the forum topic in it; topic ``None`` is the chat itself or the topic General."""

    chat_id: int
    topic_id: int | None
    is_private: bool

    @property
    def space(self) -> SpaceId:
        """Return the space of the chat."""
        return space_of(self.chat_id)

    @property
    def conversation(self) -> str:
        """Return the space, and the topic after a colon: each topic of a forum is a conversation of its own."""
        return self.space if self.topic_id is None else f"{self.space}:{self.topic_id}"


def space_of(chat_id: int) -> SpaceId:
    """Return the space of a chat: of a group (a negative id), or of one person's private chat."""
    return SpaceId(f"telegram:{chat_id}" if chat_id < 0 else f"telegram:dm:{chat_id}")


def place_of(message: TelegramMessage) -> TelegramPlace:
    """Return the place of a message. A thread of replies is no topic; requests must not name the topic General (1)."""
    topic = message.message_thread_id if message.is_topic_message else None
    return TelegramPlace(message.chat_id, None if topic == 1 else topic, message.chat.type == Chat.PRIVATE)


def place_named(conversation: str) -> TelegramPlace:
    """Return the place whose ``conversation`` this is. Raises ``ValueError`` on one of another platform."""
    match = _CONVERSATION.fullmatch(conversation)
    if match is None:
        raise ValueError(f"{conversation!r} is no conversation on Telegram")
    return TelegramPlace(int(match["chat"]), int(match["topic"]) if match["topic"] else None, match["dm"] is not None)


@dataclass(frozen=True, slots=True)
class Asker:
    """The message a reply refers to, and the private chat with its author, where there is one.

    ``press_id`` is the callback query of a press that is being answered; it is not stored, since it is soon too old.
    """

    message_id: int | None = None
    private_chat_id: int | None = None
    press_id: str | None = None


def address_of(place: TelegramPlace, asker: Asker) -> dict[str, str]:
    """Return the place and the asker as strings, to be stored with a message."""
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


def asker_of(message: TelegramMessage) -> Asker:
    """Return to whom a reply to ``message`` goes; who writes as a chat has no private chat with the bot."""
    user = message.from_user if message.sender_chat is None else None
    return Asker(message.message_id, user.id if user else None)
