from __future__ import annotations

import pytest

from bot.delivery.reply_commands import as_command, declined_answer, reply_command
from core.commands import Command, CommandLine, Parameter, Registry
from core.types import Message, Person, SpaceId


@pytest.fixture
def registry() -> Registry:
    async def nothing(context: object) -> None: ...

    words = {"en": "Words", "pt": "Palavras"}
    registry = Registry()
    registry.add(Command("sources", words, nothing))
    number = Parameter("number", words, kind="number")
    registry.add(Command("reply", words, nothing, (number, Parameter("text", words)), takes_replies=True))
    return registry


def test_words_complete_the_first_command_that_takes_replies(registry: Registry) -> None:
    calls = [CommandLine("gone", "1"), CommandLine("sources", "2"), CommandLine("reply", "3")]
    assert reply_command(calls, "At nine.", registry) == CommandLine("reply", "3 At nine.")
    assert reply_command(calls[:2], "At nine.", registry) is None
    assert reply_command([], "At nine.", registry) is None


def test_a_declined_answer_is_told_by_its_button() -> None:
    calls = [CommandLine("sources", "2"), CommandLine("human", "7")]
    assert declined_answer(calls) == 7
    assert declined_answer(calls[:1]) is None
    assert declined_answer([CommandLine("human", "seven")]) is None


def test_a_message_becomes_the_call_with_its_arguments(registry: Registry) -> None:
    message = Message("discord:1", "discord", SpaceId("discord:1"), "1", Person("discord:2", "Ana"), "At nine.")
    called = as_command(message, CommandLine("reply", "3 At nine."), registry)
    assert (called.command, called.arguments) == ("reply", {"number": "3", "text": "At nine."})
    assert as_command(message, CommandLine("gone", "3"), registry).arguments == {}
