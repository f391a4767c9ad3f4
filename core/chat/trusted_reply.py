"""A reply to an answer that AION declined or doubted: what somebody trusted says answers the question from then on."""

from __future__ import annotations

from dataclasses import replace

from core.chat.question_recognition import is_question
from core.chat.talk_reply import read_talk
from core.types import Message

COMMAND = "solve"
"""The command such a reply calls, with the answer's number and the words of the reply."""

OVERHEARD = "overheard"
"""An argument of that command, which nobody can type: the reply was not made to AION."""


def as_trusted_reply(message: Message) -> Message:
    """Return a trusted person's reply in words to a declined answer as the call of ``COMMAND``; any other as it is.

    Questions and small talk teach nothing. Blocks.
    """
    person = message.person
    if message.command is not None or message.declined is None or not (person.is_moderator or person.is_trusted):
        return message
    if not teaches(message.text):
        return message
    arguments = {"answer": str(message.declined), "text": message.text.strip()}
    return replace(message, command=COMMAND, arguments=arguments)


def teaches(text: str) -> bool:
    """Tell whether words may teach: there are some, and they are neither a question nor small talk. Blocks."""
    words = text.strip()
    return bool(words) and not (words.endswith("?") or is_question(words) or read_talk(words).kind is not None)
