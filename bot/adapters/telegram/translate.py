"""Reads Telegram messages: whether one is meant for the bot, what it asks, where and by whom.

In a private chat everything is meant for the bot. In a group only a command, a mention of the bot and a reply to one
of its messages are, and what names or answers nobody is meant for anyone; other bots' messages never are. Asks
Telegram nothing; who moderates is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from telegram import Chat, MessageEntity, User
from telegram import Message as TelegramMessage

from core.commands import CommandLine, Registry, parse_command_line
from core.types import Person, SpaceId

_CONVERSATION = re.compile(r"telegram:(?P<dm>dm:)?(?P<chat>-?\d+)(?::(?P<topic>\d+))?")

_NAMING = (MessageEntity.MENTION, MessageEntity.TEXT_MENTION)
"""Entities that name somebody."""


@dataclass(frozen=True, slots=True)
class TelegramPlace:
    """Where something is said: a chat, and the forum topic in it; topic ``None`` is the chat itself or General."""

    chat_id: int
    topic_id: int | None
    is_private: bool

    @property
    def space(self) -> SpaceId:
        """Return the tenant: a group, or one person's private chat."""
        return space_of(self.chat_id)

    @property
    def conversation(self) -> str:
        """Return the space with its topic: topics of one forum do not hear each other."""
        return self.space if self.topic_id is None else f"{self.space}:{self.topic_id}"


@dataclass(frozen=True, slots=True)
class AddressedMessage:
    """What a message asks of the bot: a command where ``line`` is set, else a question. ``text`` may be empty."""

    text: str
    line: CommandLine | None = None


def space_of(chat_id: int) -> SpaceId:
    """Return the tenant of a chat: a group (negative on Telegram), or one person's private chat."""
    return SpaceId(f"telegram:{chat_id}" if chat_id < 0 else f"telegram:dm:{chat_id}")


def move_of(message: TelegramMessage) -> tuple[SpaceId, SpaceId] | None:
    """Return the old and the new space where a message says that a group became a supergroup, in either of the two."""
    if message.migrate_to_chat_id is not None:
        return space_of(message.chat_id), space_of(message.migrate_to_chat_id)
    if message.migrate_from_chat_id is not None:
        return space_of(message.migrate_from_chat_id), space_of(message.chat_id)
    return None


def place_of(message: TelegramMessage) -> TelegramPlace:
    """Return where a message was said. A thread of replies is no topic, and General (1) must not be named."""
    topic = message.message_thread_id if message.is_topic_message else None
    return TelegramPlace(message.chat_id, None if topic == 1 else topic, message.chat.type == Chat.PRIVATE)


def place_named(conversation: str) -> TelegramPlace:
    """Return the place whose ``conversation`` this is. Raises ``ValueError`` on one of another platform."""
    match = _CONVERSATION.fullmatch(conversation)
    if match is None:
        raise ValueError(f"{conversation!r} is no conversation on Telegram")
    return TelegramPlace(int(match["chat"]), int(match["topic"]) if match["topic"] else None, match["dm"] is not None)


def author_of(message: TelegramMessage) -> Person | None:
    """Return who wrote a message, ``None`` for another bot or an automatic post.

    Someone who writes as a chat (a channel, or the group itself for its anonymous admins) is that chat.
    """
    if message.is_automatic_forward:
        return None
    if (chat := message.sender_chat) is not None:
        return Person(f"telegram:{chat.id}", chat.effective_name or "")
    user = message.from_user
    return None if user is None or user.is_bot else person_of(user)


def person_of(user: User) -> Person:
    """Return a Telegram account as a person."""
    return Person(f"telegram:{user.id}", user.full_name)


def is_anonymous_admin(message: TelegramMessage) -> bool:
    """Tell whether an admin wrote this in the group's own name."""
    return message.sender_chat is not None and message.sender_chat.id == message.chat_id


def summons_of(message: TelegramMessage, me: User, registry: Registry) -> AddressedMessage | None:
    """Return what the message asks of ``me``, or ``None`` where it is meant for others."""
    private = message.chat.type == Chat.PRIVATE
    if not _text(message):  # a sticker, a voice, a file; or a service message, which is no one's words
        return AddressedMessage("") if private and message.effective_attachment is not None else None
    mentions = [entity for entity in _entities(message) if _mentions(entity, message, me)]
    text = _without(_text(message), mentions)
    line = parse_command_line(text)
    if line is not None:
        return _command(text, line, me, registry, private or bool(mentions))
    if not private and not mentions and not _replies_to(message, me):
        return None
    if not text and mentions and message.reply_to_message is not None:
        return AddressedMessage(
            _text(message.reply_to_message)
        )  # "@bot" under someone's question passes the question on
    return AddressedMessage(text)


def is_for_anyone(message: TelegramMessage) -> bool:
    """Tell whether this was said in a group to nobody in particular: no command, no mention, no reply."""
    if message.chat.type == Chat.PRIVATE or not _text(message) or parse_command_line(_text(message)) is not None:
        return False
    replied = message.reply_to_message
    if replied is not None and replied.forum_topic_created is None:
        return False
    return not any(entity.type in _NAMING for entity in _entities(message))


def _command(text: str, line: CommandLine, me: User, registry: Registry, addressed: bool) -> AddressedMessage | None:
    if line.addressee is not None and line.addressee.lower() != (me.username or "").lower():
        return None
    if not addressed and line.addressee is None and registry.get(line.name) is None:
        return None  # in a group a bare command is heard by every bot: this one is another's
    if line.name == "start":
        line = CommandLine("help", "")  # what follows it is a deep link's payload, not words
    return AddressedMessage(text, line)


def _text(message: TelegramMessage) -> str:
    return message.text or message.caption or ""


def _entities(message: TelegramMessage) -> Sequence[MessageEntity]:
    return message.entities or message.caption_entities


def _mentions(entity: MessageEntity, message: TelegramMessage, me: User) -> bool:
    if entity.type == MessageEntity.TEXT_MENTION:
        return entity.user is not None and entity.user.id == me.id
    if entity.type != MessageEntity.MENTION or me.username is None:
        return False
    return _cut(_text(message), entity).lower() == f"@{me.username}".lower()


def _replies_to(message: TelegramMessage, me: User) -> bool:
    """Tell whether a message replies to the bot's; one that begins by naming someone else is for them."""
    replied = message.reply_to_message
    if replied is None or replied.from_user is None or replied.from_user.id != me.id:
        return False
    if replied.forum_topic_created is not None:  # every first-level message of a topic "replies" to its creation
        return False
    return not any(entity.offset == 0 and entity.type in _NAMING for entity in _entities(message))


def _cut(text: str, entity: MessageEntity) -> str:
    """Return what an entity covers; Telegram counts in UTF-16 code units."""
    units = text.encode("utf-16-le", "surrogatepass")
    return units[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le", "replace")


def _without(text: str, entities: Sequence[MessageEntity]) -> str:
    units = text.encode("utf-16-le", "surrogatepass")
    for entity in sorted(entities, key=lambda entity: entity.offset, reverse=True):
        units = units[: 2 * entity.offset] + units[2 * (entity.offset + entity.length) :]
    text = units.decode("utf-16-le", "replace").strip()
    return text.lstrip(",:;. \t\n") if entities else text
