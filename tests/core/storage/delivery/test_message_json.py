"""What is written down of a reply comes back the same, also from before it had everything it has now."""

import json
from dataclasses import replace

from core.storage.delivery.message_json import message_from_json, message_to_json, reply_from_json, reply_to_json
from core.types import Attachment, Button, File, Message, Person, PostedMessage, Reply, ReplyItem, Source, SpaceId


def test_a_reply_comes_back_whole():
    reply = Reply(
        "Text",
        "pt",
        answer_id=3,
        sources=(Source(1, "Guide", "Hours", "at nine", 7),),
        private=True,
        buttons=(Button("Yes", "approve", "3"),),
        files=(File("map.png", bytes(range(256))),),
        items=(ReplyItem("One", (Button("No", "reject", "1"),)), ReplyItem("Two")),
    )
    assert reply_from_json(json.loads(json.dumps(reply_to_json(reply)))) == reply


def test_a_reply_written_before_there_were_pictures_and_buttons():
    written = {"text": "Text", "language": "en", "answer_id": None, "sources": [], "private": False}
    assert reply_from_json(written) == Reply("Text", "en")


def test_a_message_comes_back_with_what_it_quotes_but_without_what_is_fetched():
    async def read() -> bytes:
        return b""

    async def nearby(where):
        return ()

    post = PostedMessage(
        Person("discord:8", "Eva"), "The key hangs there.", "https://chat.example/8", True, {"asked": "8"}
    )
    message = Message("discord:9", "discord", SpaceId("discord:1"), "55", Person("discord:7", "Ana", True), "/teach")
    message = replace(message, command="teach", quoted=(post,), nearby=nearby, attachments=(Attachment("a", 0, read),))
    came_back, had_files = message_from_json(json.loads(json.dumps(message_to_json(message))))
    assert came_back == replace(message, nearby=None, attachments=())
    assert had_files


def test_a_message_written_before_there_were_quotes():
    message = Message("discord:9", "discord", SpaceId("discord:1"), "55", Person("discord:7", "Ana"), "Hello?")
    written = message_to_json(message)
    written.pop("quoted")
    assert message_from_json(written) == (message, False)
