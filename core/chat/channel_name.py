"""How a conversation, and an audience, of a space is named to the people of its platform."""

from __future__ import annotations

from core.markdown import Markdown, escape
from core.texts import say, say_markdown
from core.types import Language, Message, SpaceId, readers_of


def channel_name(message: Message, conversation: str, language: Language) -> Markdown:
    """Return the name of a conversation to whoever reads the reply to ``message``: "here", a link, a topic, its id."""
    if conversation == message.conversation:
        return say_markdown(language, "setting.this_channel")
    if message.platform == "discord" and conversation.isdecimal():
        return Markdown(f"<#{conversation}>")
    return escape(channel_label(message.space, conversation, language))


def channel_label(space: SpaceId, conversation: str, language: Language) -> str:
    """Return the name of a conversation whose platform gives it none: a group's main chat, a topic of it, its id."""
    if conversation == space:
        return say(language, "setting.main_chat")
    topic = conversation.removeprefix(f"{space}:")
    if space.startswith("telegram:") and topic.isdecimal():
        return say(language, "setting.topic", topic=topic)
    return conversation


def audience_name(space: SpaceId, language: Language) -> Markdown:
    """Return the name of a space's audience: everyone, or its channels and roles as Discord shows them."""
    readers = [each.partition("-") for each in readers_of(space)]
    if not readers:
        return say_markdown(language, "audience.everyone")
    return Markdown(" ").join(Markdown(f"<{'#' if kind == 'channel' else '@&'}{id_}>") for kind, _, id_ in readers)
