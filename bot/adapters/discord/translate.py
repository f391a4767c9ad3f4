"""Translates Discord events: who wrote what, where, and whether it is addressed to AION."""

from __future__ import annotations

import mimetypes
from dataclasses import replace
from typing import Any

import discord

from bot.adapters.discord.attachments import attachment_of
from bot.adapters.discord.audiences import space_in
from bot.delivery.wordless import WordlessKind, media_kind
from core.control_characters import without_controls
from core.importing.speech_acts import is_solved_name
from core.types import Attachment, HeardMessage, Message, Person, SpaceId
from core.types.exported_message import ExportedMessage, Reactions

_WRITTEN_TYPES = {discord.MessageType.default, discord.MessageType.reply}
"""Message types a person writes; the others are system messages (a pin, a new member)."""


def person_of(
    user: discord.User | discord.Member,
    moderator_role: str | None,
    permissions: discord.Permissions | None = None,
) -> Person:
    """Return an account as a person; a moderator has Manage Server or ``moderator_role`` (a role's name or id).

    ``permissions`` are those Discord sent with the event, else those of the roles. Nobody moderates direct messages.
    """
    is_moderator = False
    if isinstance(user, discord.Member):
        granted = user.guild_permissions if permissions is None else permissions
        is_moderator = granted.manage_guild or granted.administrator
        is_moderator |= any(moderator_role in (role.name, str(role.id)) for role in user.roles)
    roles = user.roles[1:] if isinstance(user, discord.Member) else []  # the first is everybody's
    names = tuple(name for role in roles for name in (str(role.id), without_controls(role.name)))
    return Person(f"discord:{user.id}", without_controls(user.display_name), is_moderator, roles=names)


def is_addressed(me: discord.ClientUser, message: discord.Message) -> bool:
    """Return whether a message is addressed to AION: a mention, a reply, a direct message, or one in its own thread."""
    if message.author.bot or message.webhook_id or message.type not in _WRITTEN_TYPES:
        return False
    if mentions(me, message) or replies_to(me, message):
        return True
    for_others = bool(message.mentions or message.role_mentions or (message.reference and not is_forward(message)))
    if isinstance(message.channel, discord.Thread):
        return is_in_thread_of(me, message) and not for_others
    return message.guild is None


def is_in_thread_of(me: discord.ClientUser, message: discord.Message) -> bool:
    """Return whether a message stands in a thread that AION opened."""
    return isinstance(message.channel, discord.Thread) and message.channel.owner_id == me.id


def is_unaddressed(message: discord.Message) -> bool:
    """Return whether a person wrote this in a server to nobody in particular: no mention, no reply."""
    if message.author.bot or message.webhook_id or message.type not in _WRITTEN_TYPES or message.guild is None:
        return False
    named = message.mentions or message.role_mentions or message.mention_everyone
    return not (named or message.reference) and bool(message.content)


def mentions(me: discord.ClientUser, message: discord.Message) -> bool:
    """Return whether a message mentions AION, or the role Discord made for it."""
    role = message.guild.self_role if message.guild else None
    return me in message.mentions or (role is not None and role in message.role_mentions)


def replies_to(me: discord.ClientUser, message: discord.Message) -> bool:
    """Return whether a message replies to one of AION's."""
    answered = answered_message(message)
    return answered is not None and answered.author.id == me.id


def answered_message(message: discord.Message) -> discord.Message | None:
    """Return the message that ``message`` replies to, where Discord shows it; a forwarded one is no reply."""
    answered = message.reference.resolved if message.reference and not is_forward(message) else None
    return answered if isinstance(answered, discord.Message) else None


def is_forward(message: discord.Message) -> bool:
    """Return whether a message forwards another one."""
    return message.reference is not None and message.reference.type is discord.MessageReferenceType.forward


def is_unreadable(message: discord.Message) -> bool:
    """Return whether a message came without content, as those do without the message content intent."""
    return not (message.content or message.message_snapshots or wordless_kind(message))


def wordless_kind(message: discord.Message | discord.MessageSnapshot) -> WordlessKind | None:
    """Return what a message has besides text; ``None`` where it has nothing, or that is not shown."""
    for file in message.attachments[:1]:
        return media_kind(file.content_type or mimetypes.guess_type(file.filename)[0])
    if message.stickers:
        return "sticker"
    is_poll = isinstance(message, discord.Message) and message.poll is not None
    return "other" if message.embeds or is_poll else None


def unread_kind(me: discord.ClientUser, message: discord.Message) -> WordlessKind | None:
    """Return what cannot be read of a message without words, or of what it forwards or replies to."""
    answered = answered_message(message)
    parts: list[discord.Message | discord.MessageSnapshot] = [message, *message.message_snapshots]
    parts += [answered] if answered is not None and answered.author.id != me.id else []
    kind = next((kind for part in parts if (kind := wordless_kind(part))), None)
    is_hidden = bool(message.reference) and not replies_to(me, message)
    return kind or ("hidden" if is_hidden else None)


def question_of(me: discord.ClientUser, message: discord.Message) -> str:
    """Return what a message asks: its own text, else what it forwards, else what somebody said that it replies to."""
    if text := text_of(me, message):
        return text
    if said := next((each.content for each in message.message_snapshots if each.content), ""):
        return without_controls(said).strip()
    answered = answered_message(message)
    return question_of(me, answered) if answered is not None and answered.author.id != me.id else ""


def text_of(me: discord.ClientUser, message: discord.Message) -> str:
    """Return the text of a message without mentions of AION, and with mentions of others as ``@name``."""
    text = message.content
    addresses = [f"<@{me.id}>", f"<@!{me.id}>"]
    if message.guild and message.guild.self_role:
        addresses.append(message.guild.self_role.mention)
    for address in addresses:
        text = text.replace(address, "")
    for other in message.mentions:
        text = text.replace(f"<@{other.id}>", f"@{other.display_name}").replace(
            f"<@!{other.id}>", f"@{other.display_name}"
        )
    return without_controls(text).strip()


def message_of(me: discord.ClientUser, message: discord.Message, moderator_role: str | None) -> Message:
    """Return a Discord message as a ``Message``."""
    return Message(
        key=f"discord:{message.id}",
        platform="discord",
        space=space_in(message.guild, message.guild.id if message.guild else None, message.channel, message.author.id),
        conversation=str(message.channel.id),
        person=person_of(message.author, moderator_role),
        text=question_of(me, message),
        attachments=tuple(map(attachment_of, message.attachments)),
        branched_from=_parent_of(message.channel),
        address={
            "channel": str(message.channel.id),
            "message": str(message.id),
            "asker": str(message.author.id),
            "asked": str(message.id),
            "link": message.jump_url,
        },
    )


def heard_message_of(me: discord.ClientUser, message: discord.Message, moderator_role: str | None) -> HeardMessage:
    """Return what a person wrote in a server to others, or to AION without naming it."""
    said = replace(message_of(me, message, moderator_role), text=text_of(me, message))
    reference = message.reference if message.reference and not is_forward(message) else None

    async def moderates() -> bool:
        return said.person.is_moderator

    return HeardMessage(
        replace(said, addressed=False),
        message.created_at,
        moderates,
        reply_to=f"discord:{reference.message_id}" if reference else "",
        in_thread=isinstance(message.channel, discord.Thread),
    )


def exported_message_of(message: discord.Message) -> ExportedMessage:
    """Return what somebody said in a server as exports have it. The post of a forum begins with its title."""
    channel: Any = message.channel
    is_thread = isinstance(channel, discord.Thread)
    text, title = without_controls(message.content), without_controls(channel.name)
    if is_thread and message.id == channel.id and title.casefold() not in text.casefold():
        text = f"{title}\n{text}"
    roles = message.author.roles[1:] if isinstance(message.author, discord.Member) else []
    parent = channel.parent if is_thread else channel
    is_reply = message.reference is not None and not is_forward(message)
    return ExportedMessage(
        key=f"discord:{message.id}",
        channel=without_controls(parent.name) if parent is not None else "",
        author=f"discord:{message.author.id}",
        text=text,
        said_at=message.created_at,
        url=message.jump_url,
        thread=thread_title(channel),
        thread_key=str(channel.id) if is_thread else "",
        reply_to=f"discord:{message.reference.message_id}" if is_reply and message.reference else "",
        is_edited=message.edited_at is not None,
        is_pinned=message.pinned,
        is_announced=isinstance(parent, discord.TextChannel) and parent.is_news(),
        roles=tuple(without_controls(role.name) for role in roles),
        mentions=tuple(f"discord:{user.id}" for user in message.mentions),
        reactions=tuple(Reactions(str(each.emoji), each.count) for each in message.reactions),
        attachments=tuple(without_controls(each.filename) for each in message.attachments),
    )


def thread_title(channel: object) -> str:
    """Return the title of a thread, with ✅ before it where a tag marks it as solved; nothing for other channels."""
    if not isinstance(channel, discord.Thread):
        return ""
    name = without_controls(channel.name)
    is_marked = any(is_solved_name(tag.name) for tag in channel.applied_tags) and not is_solved_name(name)
    return f"✅ {name}" if is_marked else name


def is_heard(message: discord.Message) -> bool:
    """Return whether a person wrote words in a server, to whomever."""
    is_written = message.type in _WRITTEN_TYPES and not message.author.bot and not message.webhook_id
    return is_written and message.guild is not None and bool(message.content)


def call_of(
    interaction: discord.Interaction,
    command: str,
    moderator_role: str | None,
    arguments: dict[str, str],
    attachments: tuple[Attachment, ...],
    *,
    ephemeral: bool,
) -> Message:
    """Return an interaction as the ``Message`` that calls ``command``; ``ephemeral`` is how it is acknowledged."""
    return Message(
        key=f"discord:interaction:{interaction.id}",
        platform="discord",
        space=space_of_interaction(interaction),
        conversation=str(interaction.channel_id),
        person=caller_of(interaction, moderator_role),
        text=" ".join(arguments.values()),
        locale=str(interaction.locale),
        command=command,
        arguments=arguments,
        attachments=attachments,
        branched_from=_parent_of(interaction.channel),
        address={
            "channel": str(interaction.channel_id),
            "interaction": str(interaction.id),
            "token": interaction.token,
            "ephemeral": "yes" if ephemeral else "",
            "asker": str(interaction.user.id),
            "asked": _asked(interaction.message),
            "link": interaction.message.jump_url if interaction.message else "",
        },
    )


def space_of_interaction(interaction: discord.Interaction) -> SpaceId:
    """Return the space of where an interaction happened."""
    guild = interaction.client.get_guild(interaction.guild_id) if interaction.guild_id else None
    id_ = interaction.channel_id or 0
    known = guild.get_channel_or_thread(id_) if guild else None
    channel = known or interaction.channel or discord.Object(id_)
    return space_in(guild, interaction.guild_id, channel, interaction.user.id)


def _asked(pressed: discord.Message | None) -> str:
    """Return the id of the message that the one with the pressed button replies to; empty when unknown."""
    reference = pressed.reference if pressed else None
    return str(reference.message_id or "") if reference else ""


def _parent_of(channel: object) -> str | None:
    """Return the channel a thread was opened in."""
    return str(channel.parent_id) if isinstance(channel, discord.Thread) else None


def caller_of(interaction: discord.Interaction, moderator_role: str | None) -> Person:
    """Return who caused an interaction, with the permissions they hold at this moment."""
    return person_of(interaction.user, moderator_role, interaction.permissions)
