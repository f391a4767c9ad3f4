"""Translates Telegram messages: whether one is addressed to the bot, what it asks, where and by whom.

In a private chat every message is addressed to the bot. In a group a command, a mention of the bot and a reply to one
of its messages are; one that names or answers nobody is unaddressed. Other bots' messages are ignored. What its author
did not type, being forwarded or written by an inline bot, is no command. Makes no requests: who moderates is asked by
``bot.adapters.telegram.moderators``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from telegram import Chat, MessageEntity, User
from telegram import Message as TelegramMessage

from bot.adapters.telegram.address import START_PRIVATE, TelegramPlace, address_of, asker_of, place_of, space_of
from bot.delivery.wordless import WordlessKind
from core.commands import CommandLine, Registry, parse_command_line
from core.control_characters import without_controls
from core.types import Attachment, Message, Person, PostedMessage, SpaceId
from core.types.exported_message import ExportedMessage

_MENTIONS = (MessageEntity.MENTION, MessageEntity.TEXT_MENTION)
"""Entities that mention somebody."""


@dataclass(frozen=True, slots=True)
class AddressedMessage:
    """What a message addressed to the bot says: a command where ``line`` is set, else a question, perhaps empty.

    ``declined`` is as in ``Message``.
    """

    text: str
    line: CommandLine | None = None
    declined: int | None = None


def move_of(message: TelegramMessage) -> tuple[SpaceId, SpaceId] | None:
    """Return the old and the new space of a service message about a group that became a supergroup, else ``None``."""
    if message.migrate_to_chat_id is not None:
        return space_of(message.chat_id), space_of(message.migrate_to_chat_id)
    if message.migrate_from_chat_id is not None:
        return space_of(message.migrate_from_chat_id), space_of(message.chat_id)
    return None


def author_of(message: TelegramMessage) -> Person | None:
    """Return who wrote a message; ``None`` for another bot or an automatic forward.

    The author of a message sent as a chat (a channel, or the group itself for its anonymous admins) is that chat.
    """
    if message.is_automatic_forward:
        return None
    if (chat := message.sender_chat) is not None:
        return Person(f"telegram:{chat.id}", without_controls(chat.effective_name or ""))
    user = message.from_user
    return None if user is None or user.is_bot else person_of(user)


def person_of(user: User) -> Person:
    """Return a Telegram account as a person."""
    return Person(f"telegram:{user.id}", without_controls(user.full_name))


def is_anonymous_admin(message: TelegramMessage) -> bool:
    """Return whether an admin wrote this anonymously, in the group's name."""
    return message.sender_chat is not None and message.sender_chat.id == message.chat_id


def addressed_message(message: TelegramMessage, me: User, registry: Registry) -> AddressedMessage | None:
    """Return what a message says to ``me``; ``None`` where it is addressed to others or to nobody."""
    private = message.chat.type == Chat.PRIVATE
    if not _text(message):  # a sticker, a voice, a file; or a service message
        is_addressed = private or _replies_to(message, me)
        return AddressedMessage("") if is_addressed and message.effective_attachment is not None else None
    mentions = [entity for entity in _entities(message) if _mentions(entity, message, me)]
    text = without_controls(_without(_text(message), mentions))
    line = parse_command_line(text) if is_typed(message) else None
    if line is not None:
        return _command(text, line, me, registry, private or bool(mentions))
    if not private and not mentions and not _replies_to(message, me):
        return None
    return AddressedMessage(text or _text_replied_to(message, me))  # "@bot" under someone's question passes that on


def is_typed(message: TelegramMessage) -> bool:
    """Return whether the author of a message wrote it; not so where it is forwarded, or an inline bot's text."""
    return message.forward_origin is None and message.via_bot is None


def opens_for_reply(message: TelegramMessage) -> bool:
    """Return whether a person followed the link to a private reply, and asks nothing else."""
    return is_typed(message) and _text(message) == f"/start {START_PRIVATE}"


def wordless_kind(message: TelegramMessage, me: User) -> WordlessKind | None:
    """Return what a message has besides text, or else somebody's that it replies to; ``None`` where that is nothing."""
    for part in filter(None, (message, _replied_to(message, me))):
        kinds: dict[WordlessKind, object] = {
            "picture": part.photo,
            "voice": part.voice or part.audio,
            "video": part.video or part.video_note or part.animation,
            "sticker": part.sticker,
            "file": part.document,
            "other": part.effective_attachment,
        }
        if kind := next((kind for kind, content in kinds.items() if content), None):
            return kind
    return "hidden" if message.external_reply is not None else None


def is_unaddressed(message: TelegramMessage) -> bool:
    """Return whether a message in a group is to nobody in particular: no command, no mention, no reply."""
    if message.chat.type == Chat.PRIVATE or not _text(message) or parse_command_line(_text(message)) is not None:
        return False
    replied = message.reply_to_message
    if replied is not None and replied.forum_topic_created is None:
        return False
    return not any(entity.type in _MENTIONS for entity in _entities(message))


def head_of(parts: Sequence[TelegramMessage]) -> TelegramMessage:
    """Return the part of an album with the words, else its first; of a single message, that message."""
    return next((part for part in parts if part.caption), parts[0])


def key_of(parts: Sequence[TelegramMessage]) -> str:
    """Return the key of a message; an album's is its own number, since its parts come in any order."""
    first = parts[0]
    name = f"album{first.media_group_id}" if first.media_group_id else str(first.message_id)
    return f"telegram:{first.chat_id}:{name}"


def locale_of(message: TelegramMessage) -> str | None:
    """Return the language of the author's app, where a person wrote in their own name."""
    return message.from_user.language_code if message.from_user and message.sender_chat is None else None


def message_of(
    parts: Sequence[TelegramMessage],
    person: Person,
    addressed: AddressedMessage,
    registry: Registry,
    attachments: tuple[Attachment, ...],
) -> Message:
    """Return a Telegram message, or the parts of an album, as a ``Message``."""
    head, line = head_of(parts), addressed.line
    place = place_of(head)
    command = registry.get(line.name) if line else None
    return Message(
        key=key_of(parts),
        platform="telegram",
        space=place.space,
        conversation=place.conversation,
        person=person,
        text=addressed.text,
        locale=locale_of(head),
        command=line.name if line else None,
        arguments=line.arguments(command) if line and command else {},
        attachments=attachments,
        address={**address_of(place, asker_of(head)), "link": _link_of(head, place)},
        quoted=_quoted(head, place) if line else (),
        named=_named(head),
        declined=addressed.declined,
    )


def exported_message_of(message: TelegramMessage, text: str) -> ExportedMessage:
    """Return what somebody said in a group as exports have it."""
    replied, author, place = message.reply_to_message, author_of(message), place_of(message)
    is_reply = replied is not None and replied.forum_topic_created is None
    return ExportedMessage(
        key=key_of((message,)),
        channel=without_controls(message.chat.title or ""),
        author=author.id if author is not None else "",
        text=without_controls(text),
        said_at=message.date,
        url=_link_of(message, place),
        reply_to=key_of((replied,)) if replied is not None and is_reply else "",
        mentions=tuple(person.id for person in _named(message)),
    )


def _link_of(message: TelegramMessage, place: TelegramPlace) -> str:
    """Return the permalink of a message; an id of our own where the chat has none."""
    return message.link or f"telegram:{place.chat_id}:{message.message_id}"


def _quoted(head: TelegramMessage, place: TelegramPlace) -> tuple[PostedMessage, ...]:
    """Return the message of a person that a command replies to; none for a bot's or an automatic forward."""
    said = head.reply_to_message
    author = author_of(said) if said is not None and said.forum_topic_created is None else None
    text = without_controls(_text(said)) if said is not None else ""
    if said is None or author is None or not text:
        return ()
    address = address_of(place, asker_of(said))
    return (PostedMessage(author, text, _link_of(said, place), address=address, key=key_of((said,))),)


def _named(message: TelegramMessage) -> tuple[Person, ...]:
    """Return the people that a message mentions by account; those mentioned by a user name are not known."""
    users = [entity.user for entity in _entities(message) if entity.type == MessageEntity.TEXT_MENTION]
    return tuple(person_of(user) for user in users if user is not None and not user.is_bot)


def _command(text: str, line: CommandLine, me: User, registry: Registry, addressed: bool) -> AddressedMessage | None:
    if line.addressee is not None and line.addressee.lower() != (me.username or "").lower():
        return None
    if not addressed and line.addressee is None and registry.get(line.name) is None:
        return None  # in a group every bot receives a command without a name: this one is another's
    if line.name == "start":
        line = CommandLine("help", "")  # what follows it is a deep link's payload, not words
    return AddressedMessage(text, line)


def _replied_to(message: TelegramMessage, me: User) -> TelegramMessage | None:
    """Return somebody's message that ``message`` replies to; the bot's own are none."""
    said = message.reply_to_message
    return None if said is None or (said.from_user is not None and said.from_user.id == me.id) else said


def _text_replied_to(message: TelegramMessage, me: User) -> str:
    """Return the words that a message quotes, else all of somebody's message that it replies to."""
    said = _replied_to(message, me)
    return without_controls(message.quote.text if message.quote else _text(said) if said else "").strip()


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
    """Return whether a message replies to the bot's; one that begins with a mention of someone else does not."""
    replied = message.reply_to_message
    if replied is None or replied.from_user is None or replied.from_user.id != me.id:
        return False
    if replied.forum_topic_created is not None:  # every first-level message of a topic "replies" to its creation
        return False
    return not any(entity.offset == 0 and entity.type in _MENTIONS for entity in _entities(message))


def _cut(text: str, entity: MessageEntity) -> str:
    """Return the text of an entity, whose offsets count UTF-16 code units."""
    units = text.encode("utf-16-le", "surrogatepass")
    return units[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le", "replace")


def _without(text: str, entities: Sequence[MessageEntity]) -> str:
    units = text.encode("utf-16-le", "surrogatepass")
    for entity in sorted(entities, key=lambda entity: entity.offset, reverse=True):
        units = units[: 2 * entity.offset] + units[2 * (entity.offset + entity.length) :]
    text = units.decode("utf-16-le", "replace").strip()
    return text.lstrip(",:;. \t\n") if entities else text
