"""What a Telegram message is about, and whose word a command is: forwarded, quoted, wordless, edited."""

from __future__ import annotations

import pytest

from tests.e2e.telegram_community import Community, running
from tests.e2e.telegram_server import TelegramServer

OTHER = {"id": 9, "is_bot": False, "first_name": "Other"}
ORIGINS = [
    {"type": "user", "date": 1, "sender_user": OTHER},
    {"type": "hidden_user", "date": 1, "sender_user_name": "Somebody"},
    {"type": "channel", "date": 1, "chat": {"id": -1009, "type": "channel", "title": "News"}, "message_id": 5},
]
NOT_TYPED = [
    *({"forward_origin": origin} for origin in ORIGINS),
    {"via_bot": {"id": 8, "is_bot": True, "first_name": "I"}},
]


@pytest.mark.parametrize("how", NOT_TYPED)
async def test_an_admin_who_forwards_a_command_does_not_give_it(how) -> None:
    community = Community()
    async with TelegramServer() as server, running(server, community):
        ana = server.person("Ana")
        group, dm = server.group("Library", admins=[ana]), server.private(ana)
        server.say(group, ana, "/ask@aion_bot train", extra=how)
        server.upload(group, ana, "rules.txt", b"Rules.", "/index@aion_bot", extra=how)
        server.say(dm, ana, "/index", extra=how)
        await server.wait_for_quiet()
        server.say(dm, ana, "When do you open?", extra=how)
        await server.wait_for_message(lambda m: "nine" in m.text)
        assert all(message.command is None for message in community.heard)
        assert not community.files


async def test_a_message_edited_into_a_command_is_none() -> None:
    community = Community()
    async with TelegramServer() as server, running(server, community):
        ana = server.person("Ana")
        dm = server.private(ana)
        said = server.say(dm, ana, "When do you open?")
        await server.wait_for_message(lambda m: "nine" in m.text)
        server.edit(said, "/ask train")
        server.say(dm, ana, "Anything else?")
        await server.wait_for_message(lambda m: "know" in m.text)
        assert all(message.command is None for message in community.heard)


FILE = {"file_id": "f", "file_unique_id": "u"}
WORDLESS = [
    ({"photo": [FILE | {"width": 1, "height": 1}]}, "I cannot see pictures."),
    ({"audio": FILE | {"duration": 1}}, "I cannot hear what was recorded."),
    ({"video": FILE | {"duration": 1, "width": 1, "height": 1}}, "I cannot watch videos."),
    ({"document": FILE | {"file_name": "rules.pdf"}}, "send this one with /index"),
]


@pytest.mark.parametrize(("content", "sentence"), WORDLESS)
async def test_it_is_said_what_cannot_be_read_and_a_caption_is_answered(content, sentence) -> None:
    community = Community()
    async with TelegramServer() as server, running(server, community):
        ana, rui = server.person("Ana"), server.person("Rui")
        group, dm = server.group("Library"), server.private(ana)
        server.post(dm, ana, content)
        await server.wait_for_message(lambda m: sentence in m.text and m.chat["id"] == dm["id"])
        theirs = server.post(group, rui, content)
        server.say(group, ana, "@aion_bot", reply_to=theirs)
        await server.wait_for_message(lambda m: sentence in m.text and m.chat["id"] == group["id"])
        assert not community.heard
        server.post(dm, ana, content | {"caption": "When do you open?"})
        await server.wait_for_message(lambda m: "nine" in m.text)


async def test_a_voice_message_to_the_bot_is_handed_over_with_its_length() -> None:
    community = Community()
    async with TelegramServer() as server, running(server, community):
        ana = server.person("Ana")
        group = server.group("Library")
        server.say(group, ana, "@aion_bot When do you open?")
        answer = await server.wait_for_message(lambda m: "nine" in m.text)
        server.post(group, ana, {"voice": FILE | {"duration": 7}}, reply_to=answer)
        server.post(server.private(ana), ana, {"voice": FILE | {"duration": 7}})
        await server.wait_for_message(lambda m: "know" in m.text and m.chat["id"] == group["id"])
        await server.wait_for_message(lambda m: "know" in m.text and m.chat["id"] != group["id"])
        for spoken in community.heard[-2:]:
            assert spoken.text == "" and [(each.name, each.seconds) for each in spoken.attachments] == [("u.ogg", 7.0)]
