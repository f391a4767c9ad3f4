"""How a conversation of a space is named to the people of its platform."""

from __future__ import annotations

from core.markdown import Markdown
from core.texts import say_markdown
from core.types import Language, Message


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
