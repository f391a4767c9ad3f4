"""Which Telegram messages are meant for the bot, and what they ask."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import Message, User

from bot.adapters.telegram.translate import (
    AddressedMessage,
    addressed_message,
    author_of,
    is_anonymous_admin,
    wordless_kind,
)
from core.commands import Command, CommandLine, Registry

ME = User(7, "AION", is_bot=True, username="aion_bot")
ANA = {"id": 100, "is_bot": False, "first_name": "Ana", "last_name": "Reis"}
RUI = {"id": 200, "is_bot": False, "first_name": "Rui"}
GROUP = {"id": -1001, "type": "supergroup", "title": "Library"}
PRIVATE = {"id": 100, "type": "private", "first_name": "Ana"}


def message(text: str | None = None, *, chat: dict[str, Any] = GROUP, author: Any = ANA, **rest: Any) -> Message:
    content = {"message_id": 1, "date": 0, "chat": chat, "from": author} | rest
    if text is not None:
        content["text"] = text
    read = Message.de_json(content, None)
    assert read is not None
    return read


def mention(offset: int, length: int, **rest: Any) -> list[dict[str, Any]]:
    return [{"type": "mention", "offset": offset, "length": length} | rest]


def registry() -> Registry:
    async def nothing(context: object) -> None: ...

    known = Registry()
    known.add(Command("ask", {"en": "Ask", "pt": "Pergunte"}, nothing))
    return known


def read(message: Message) -> AddressedMessage | None:
    return addressed_message(message, ME, registry())


def reply_to(author: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"message_id": 9, "date": 0, "chat": GROUP, "from": author, "text": "Earlier words"} | rest


BOT = ME.to_dict()
FILE = {"file_id": "1", "file_unique_id": "1"}
STICKER = FILE | {"width": 1, "height": 1, "is_animated": False, "is_video": False, "type": "regular"}


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        (message("Hello", chat=PRIVATE), AddressedMessage("Hello")),
        (message("Hello"), None),
        (message("@aion_bot Hello", entities=mention(0, 9)), AddressedMessage("Hello")),
        (message("@AION_BOT: Hello", entities=mention(0, 9)), AddressedMessage("Hello")),
        (message("Hello, @aion_bot", entities=mention(7, 9)), AddressedMessage("Hello,")),
        (message("😀 @aion_bot 😀?", entities=mention(3, 9)), AddressedMessage("😀  😀?")),
        (message("@aion_bot", entities=mention(0, 9)), AddressedMessage("")),
        (message("@aion_bot2 Hello", entities=mention(0, 10)), None),
        (message("@aion_bot Hello"), None),
        (message("AION Hello", entities=mention(0, 4, type="text_mention", user=BOT)), AddressedMessage("Hello")),
        (message("Ana Hello", entities=mention(0, 3, type="text_mention", user=ANA)), None),
        (message(caption="@aion_bot What is it?", caption_entities=mention(0, 9)), AddressedMessage("What is it?")),
    ],
)
def test_private_words_and_mentions_are_meant_for_the_bot(said, asked):
    assert read(said) == asked


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        (message("And you?", reply_to_message=reply_to(BOT)), AddressedMessage("And you?")),
        (message("And you?", reply_to_message=reply_to(ANA)), None),
        (message("@rui_user look", entities=mention(0, 9), reply_to_message=reply_to(BOT)), None),
        (
            message("What of @rui_user?", entities=mention(8, 9), reply_to_message=reply_to(BOT)),
            AddressedMessage("What of @rui_user?"),
        ),
        (
            message("@aion_bot", entities=mention(0, 9), reply_to_message=reply_to(ANA)),
            AddressedMessage("Earlier words"),
        ),
        (
            message(
                "A topic's first words",
                reply_to_message=reply_to(BOT, forum_topic_created={"name": "Talk", "icon_color": 1}),
            ),
            None,
        ),
    ],
)
def test_replies_to_the_bot_are_meant_for_it(said, asked):
    assert read(said) == asked


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (message("/ask@aion_bot When?"), CommandLine("ask", "When?", "aion_bot")),
        (message("/ASK@Aion_Bot When?"), CommandLine("ask", "When?", "Aion_Bot")),
        (message("/ask When?"), CommandLine("ask", "When?")),
        (message("@aion_bot /ask When?", entities=mention(0, 9)), CommandLine("ask", "When?")),
        (message("@aion_bot /odd", entities=mention(0, 9)), CommandLine("odd", "")),
        (message("/odd@aion_bot"), CommandLine("odd", "", "aion_bot")),
        (message("/odd"), None),
        (message("/start"), None),
        (message("/start@aion_bot"), CommandLine("help", "")),
        (message("/start a_payload", chat=PRIVATE), CommandLine("help", "")),
        (message("/odd", chat=PRIVATE), CommandLine("odd", "")),
        (message("/ask@other_bot When?"), None),
        (message("/ask@other_bot When?", chat=PRIVATE), None),
    ],
)
def test_commands_are_taken_unless_they_are_another_bots(said, line):
    asked = read(said)
    assert (asked and asked.line) == line


@pytest.mark.parametrize(
    ("content", "asked_in_private"),
    [
        ({"sticker": STICKER}, AddressedMessage("")),
        ({"voice": FILE | {"duration": 1}}, AddressedMessage("")),
        ({"photo": [FILE | {"width": 1, "height": 1}]}, AddressedMessage("")),
        ({"document": FILE}, AddressedMessage("")),
        ({"new_chat_title": "Books"}, None),
        ({"group_chat_created": True}, None),
    ],
)
def test_what_has_no_words_is_noticed_in_private_and_in_replies_to_the_bot(content, asked_in_private):
    assert read(message(chat=PRIVATE, **content)) == asked_in_private
    assert read(message(**content, reply_to_message=reply_to(BOT))) == asked_in_private
    assert read(message(**content, reply_to_message=reply_to(ANA))) is None
    assert read(message(**content)) is None


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({"sticker": STICKER}, "sticker"),
        ({"voice": FILE | {"duration": 1}}, "voice"),
        ({"photo": [FILE | {"width": 1, "height": 1}]}, "picture"),
        ({"video_note": FILE | {"duration": 1, "length": 1}}, "video"),
        ({"document": FILE}, "file"),
        ({"location": {"latitude": 1.0, "longitude": 1.0}}, "other"),
        ({"text": "only words"}, None),
    ],
)
def test_what_has_no_words_is_named(content, kind):
    assert wordless_kind(message(**content), ME) == kind
    under = message("@aion_bot", entities=mention(0, 9), reply_to_message=reply_to(ANA, text=None) | content)
    assert wordless_kind(under, ME) == kind
    assert wordless_kind(message("@aion_bot", reply_to_message=reply_to(BOT, text=None) | content), ME) is None


FORWARDED = {"forward_origin": {"type": "user", "date": 1, "sender_user": RUI}}


@pytest.mark.parametrize("how", [FORWARDED, {"via_bot": {"id": 9, "is_bot": True, "first_name": "Inline"}}])
def test_what_its_author_did_not_type_is_no_command(how):
    assert read(message("/ask When?", chat=PRIVATE, **how)) == AddressedMessage("/ask When?")
    assert read(message("/ask@aion_bot When?", **how)) is None
    mentioned = message("@aion_bot /ask When?", entities=mention(0, 9), **how)
    assert read(mentioned) == AddressedMessage("/ask When?")
    assert read(message("How many fit in the sauna?", chat=PRIVATE, **how)).text == "How many fit in the sauna?"


def test_a_bare_mention_passes_on_what_is_quoted_before_what_is_replied_to():
    quoting = message(
        "@aion_bot", entities=mention(0, 9), reply_to_message=reply_to(ANA), quote={"text": "words", "position": 8}
    )
    assert read(quoting) == AddressedMessage("words")
    assert read(message("@aion_bot", entities=mention(0, 9), reply_to_message=reply_to(BOT))) == AddressedMessage("")


def test_control_characters_are_dropped_on_the_way_in():
    assert read(message("a\u202eb\x1b[0m", chat=PRIVATE)) == AddressedMessage("ab[0m")
    assert author_of(message("x", author={"id": 5, "is_bot": False, "first_name": "A\u202ena\x07"})).name == "Ana"


def test_people_speak_for_themselves_or_as_a_chat():
    ana = author_of(message("x"))
    assert (ana.id, ana.name, ana.is_moderator) == ("telegram:100", "Ana Reis", False)
    assert author_of(message("x", author={"id": 5, "is_bot": True, "first_name": "Robot"})) is None
    as_group = message("x", author={"id": 1087968824, "is_bot": True, "first_name": "Group"}, sender_chat=GROUP)
    assert author_of(as_group).id == "telegram:-1001"
    assert is_anonymous_admin(as_group)
    as_channel = message("x", sender_chat={"id": -1002, "type": "channel", "title": "News"})
    assert author_of(as_channel).id == "telegram:-1002"
    assert not is_anonymous_admin(as_channel)
    assert author_of(message("x", sender_chat=GROUP, is_automatic_forward=True)) is None
