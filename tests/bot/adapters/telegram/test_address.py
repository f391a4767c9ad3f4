"""Where something is said, and to whom a reply goes, in this process and in another."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import Message

from bot.adapters.telegram.address import (
    Asker,
    TelegramPlace,
    address_of,
    asker_of,
    place_and_asker,
    place_named,
    place_of,
)

ANA = {"id": 100, "is_bot": False, "first_name": "Ana"}
GROUP = {"id": -1001, "type": "supergroup", "title": "Library"}
PRIVATE = {"id": 100, "type": "private", "first_name": "Ana"}


def message(text: str, *, chat: dict[str, Any] = GROUP, **rest: Any) -> Message:
    read = Message.de_json({"message_id": 1, "date": 0, "chat": chat, "from": ANA, "text": text} | rest, None)
    assert read is not None
    return read


@pytest.mark.parametrize(
    ("said", "space", "conversation"),
    [
        (message("x", chat=PRIVATE), "telegram:dm:100", "telegram:dm:100"),
        (message("x"), "telegram:-1001", "telegram:-1001"),
        (message("x", message_thread_id=5, is_topic_message=True), "telegram:-1001", "telegram:-1001:5"),
        (message("x", message_thread_id=1, is_topic_message=True), "telegram:-1001", "telegram:-1001"),
        (message("x", message_thread_id=812), "telegram:-1001", "telegram:-1001"),  # a thread of replies is no topic
    ],
)
def test_a_place_is_a_chat_and_its_topic(said, space, conversation):
    place = place_of(said)
    assert (place.space, place.conversation) == (space, conversation)


@pytest.mark.parametrize(
    "place", [TelegramPlace(100, None, True), TelegramPlace(-1001, None, False), TelegramPlace(-1001, 5, False)]
)
@pytest.mark.parametrize("asker", [Asker(), Asker(1), Asker(1, 100)])
def test_an_address_is_read_as_it_was_written(place: TelegramPlace, asker: Asker) -> None:
    assert place_and_asker(address_of(place, asker)) == (place, asker)
    assert place_named(place.conversation) == place


def test_a_conversation_of_another_platform_is_no_place() -> None:
    with pytest.raises(ValueError, match="discord"):
        place_named("discord:1")


def test_who_writes_as_a_chat_has_no_private_chat() -> None:
    assert asker_of(message("x")) == Asker(1, 100)
    assert asker_of(message("x", sender_chat=GROUP)) == Asker(1)
