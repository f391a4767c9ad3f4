"""An answer as a reply: its text and sources, with the buttons that lead on from it."""

from __future__ import annotations

from core.markdown import sanitise
from core.texts import say
from core.types import Answer, Button, Language, Reply


def answer_reply(answer: Answer) -> Reply:
    """Return the reply, sanitised, with its buttons.

    They lead to the sources (if any) and ask again; under the closest, they confirm or reject it; there and where AION
    abstained, they ask a human. A reply to small talk has none: there is nothing to rate or to look up again.
    """
    if answer.used == "talk":
        return Reply(sanitise(answer.text), answer.language)
    language, number = answer.language, str(answer.id)
    buttons = []
    if answer.used == "closest":
        buttons = [Button(say(language, f"button.{command}"), command, number) for command in ("right", "wrong")]
    if answer.used in ("closest", "abstained"):
        buttons.append(human_button(language, answer.id))
    if answer.sources:
        buttons.append(Button(say(language, "button.sources"), "sources", number))
    buttons.append(Button(say(language, "button.again"), "again", number))
    return Reply(sanitise(answer.text), language, answer.id, answer.sources, buttons=tuple(buttons))


def human_button(language: Language, answer_id: int) -> Button:
    """Return the button that passes the question of an answer to the moderators."""
    return Button(say(language, "button.human"), "human", str(answer_id))
