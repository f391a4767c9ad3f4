"""How a conversation, and an audience, of a space is named to the people of its platform."""

from __future__ import annotations

from core.markdown import Markdown
from core.texts import say_markdown
from core.types import Language, Message, SpaceId, readers_of


def channel_name(message: Message, conversation: str, language: Language) -> Markdown:
    """Return the name of a conversation to whoever reads the reply to ``message``: "here", a link, a topic, its id."""
    if conversation == message.conversation:
        return say_markdown(language, "setting.this_channel")
    if message.platform == "discord" and conversation.isdecimal():
        return Markdown(f"<#{conversation}>")
    topic = conversation.removeprefix(f"{message.space}:")
    if message.platform == "telegram" and topic.isdecimal():
        return say_markdown(language, "setting.topic", topic=topic)
    return say_markdown(language, "setting.text", text=conversation)


def audience_name(space: SpaceId, language: Language) -> Markdown:
    """Return the name of a space's audience: everyone, or its channels and roles as Discord shows them."""
    readers = [each.partition("-") for each in readers_of(space)]
    if not readers:
        return say_markdown(language, "audience.everyone")
    return Markdown(" ").join(Markdown(f"<{'#' if kind == 'channel' else '@&'}{id_}>") for kind, _, id_ in readers)
