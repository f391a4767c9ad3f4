"""Which replies to a declined answer teach."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.chat.trusted_reply import as_trusted_reply
from core.types import Message, Person, SpaceId

REPLY = Message(
    "discord:1",
    "discord",
    SpaceId("discord:5"),
    "7",
    Person("discord:9", "Ana", is_moderator=True),
    "You may leave it in the racks by the gate.",
    declined=3,
)


def test_a_moderators_statement_answers_what_was_declined() -> None:
    called = as_trusted_reply(REPLY)
    assert (called.command, dict(called.arguments)) == ("solve", {"answer": "3", "text": REPLY.text})


@pytest.mark.parametrize("text", ["And on Sundays?", "really?", "where is the gate", "thanks!", "ok", "kkkk", "", " "])
def test_questions_and_small_talk_teach_nothing(text: str) -> None:
    assert as_trusted_reply(replace(REPLY, text=text)).command is None


def test_only_moderators_replies_to_declined_answers_count() -> None:
    for other in (
        replace(REPLY, person=replace(REPLY.person, is_moderator=False)),
        replace(REPLY, declined=None),
        replace(REPLY, command="ask"),
    ):
        assert as_trusted_reply(other) is other
