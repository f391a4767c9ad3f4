"""A moderator's reply to an answer that AION declined or doubted: what they say answers the question from then on."""

from __future__ import annotations

from dataclasses import replace

from core.chat.question_recognition import is_question
from core.chat.talk_reply import read_talk
from core.types import Message

COMMAND = "solve"
"""The command such a reply calls, with the answer's number and the words of the reply."""


def as_trusted_reply(message: Message) -> Message:
    """Return a moderator's reply in words to a declined answer as the call of ``COMMAND``; any other as it is.

    Questions and small talk teach nothing. Blocks.
    """
    text = message.text.strip()
    if message.command is not None or message.declined is None or not message.person.is_moderator or not text:
        return message
    if text.endswith("?") or is_question(text) or read_talk(text).kind is not None:
        return message
    return replace(message, command=COMMAND, arguments={"answer": str(message.declined), "text": text})
