"""Buttons under Telegram messages: a press is a command of whoever pressed it, at that moment, once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from core.chat.notices import AION
from core.commands import Command, Context, Parameter
from core.types import Button, Message, Reply, SpaceId
from core.types.delivery import UnfinishedMessage
from tests.e2e.telegram_community import Community, running, says
from tests.e2e.telegram_server import TelegramServer

WORDS = {"en": "A word", "pt": "Uma palavra"}


async def unused(context: Context) -> None:
    raise AssertionError("the test's core carries out its commands itself")


class Choices(Community):
    """Puts a public, a private and a moderators' button under what it answers, and one of the past."""

    def __init__(self) -> None:
        super().__init__()
        number = Parameter("number", WORDS, required=False)
        self.registry.add(Command("once_more", WORDS, unused, (number,), listed=False))
        self.registry.add(Command("whisper", WORDS, unused, (number,), quiet=True, listed=False))
        self.registry.add(Command("decide", WORDS, unused, (number,), permission="moderator", listed=False))
        names = ("once_more", "whisper", "decide", "gone")
        self.buttons = tuple(Button(name, name, "12 of three: words") for name in names)

    async def reply(self, message: Message) -> Reply:
        """Return the reply to a message."""
        if message.command is None:
            return Reply("Choose.", "en", answer_id=7, buttons=self.buttons)
        if message.command == "decide" and not message.person.is_moderator:
            return Reply("Only moderators decide.", "en", quiet=True)
        text = f"/{message.command} {dict(message.arguments)}"
        return Reply(text, "en", quiet=message.command == "whisper", settles=message.command == "decide")

    async def handle(self, message, outlet):
        if message.key not in {earlier.key for earlier in self.heard}:
            self.heard.append(message)
            await outlet.send(await self.reply(message))


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer(reads_all_group_messages=True) as server:
        yield server


@pytest.fixture
def community() -> Choices:
    return Choices()


async def card_in(server, community, chat, person, **where):
    """Return the message with the buttons, from a process that has ended."""
    async with running(server, community):
        server.say(chat, person, "@aion_bot What now?", **where)
        return await server.wait_for_message(says("Choose."))


async def test_a_press_calls_its_command_in_its_topic_after_a_restart_too(server, community):
    ana = server.person("Ana", language="pt-br")
    forum = server.group("Club", forum=True)
    card = await card_in(server, community, forum, ana, thread=5)
    assert [b["text"] for b in card.buttons] == ["👍", "👎", "once_more", "whisper", "decide", "gone"]
    assert all(len(b["callback_data"].encode()) <= 64 for b in card.buttons)
    async with running(server, community):
        server.press(card, "once_more", ana)
        reply = await server.wait_for_message(says("/once_more {'number': '12 of three: words'}"))
        assert await server.wait_for_toast() == ""
    assert reply.thread == 5
    called = community.heard[-1]
    assert (called.locale, called.person.name, called.person.is_moderator) == ("pt-br", "Ana", False)
    assert (called.space, called.conversation) == (f"telegram:{forum['id']}", f"telegram:{forum['id']}:5")
    assert card.buttons, "what is not settled keeps its buttons"


async def test_what_is_quiet_is_seen_in_the_group_by_who_pressed_alone(server, community):
    ana, rui = server.person("Ana"), server.person("Rui")
    group, dm = server.group("Club"), server.private(ana)
    server.private(rui, started=False)
    card = await card_in(server, community, group, ana)
    async with running(server, community):
        for person in (ana, rui):
            server.press(card, "whisper", person)
            reply = await server.wait_for_message(lambda m, of=person: m.seen_by == of["id"])
            assert reply.chat["id"] == group["id"] and "/whisper" in reply.text
        await server.wait_for_toast(2)
    assert server.texts(group) == ["Choose."]
    assert server.texts(dm) == []


@pytest.mark.parametrize("refusal", ["late", "old server"])
async def test_what_is_quiet_and_too_late_for_that_goes_to_the_private_chat_where_there_is_one(
    server, community, refusal
):
    server.ephemeral_deadline_s, server.knows_ephemeral = (-1, True) if refusal == "late" else (15, False)
    ana, rui = server.person("Ana"), server.person("Rui")
    group, dm = server.group("Club"), server.private(ana)
    server.private(rui, started=False)
    card = await card_in(server, community, group, ana)
    async with running(server, community):
        server.press(card, "whisper", ana)
        await server.wait_for_message(lambda m: m.chat["id"] == dm["id"] and "/whisper" in m.text)
        assert server.texts(group) == ["Choose."]
        server.press(card, "whisper", rui)
        await server.wait_for_message(lambda m: m.chat["id"] == group["id"] and "/whisper" in m.text)


async def test_a_press_delivered_twice_is_one_command(server, community):
    ana = server.person("Ana")
    card = await card_in(server, community, server.private(ana), ana)
    async with running(server, community):
        server.press(card, "once_more", ana)
        server.redeliver(server.updates[-1])
        await server.wait_for_message(says("/once_more"))
        await server.wait_for_quiet()
    assert [message.command for message in community.heard] == [None, "once_more"]


async def test_who_may_press_is_decided_at_the_press_and_a_settled_card_loses_its_buttons(server, community):
    ana = server.person("Ana")
    group = server.group("Club", admins=[ana])
    card = await card_in(server, community, group, ana)
    async with running(server, community):
        server.promote(group, ana, "member")  # her role is gone a second ago; the button is still on her screen
        server.press(card, "decide", ana)
        refusal = await server.wait_for_message(says("Only moderators"))
        assert (refusal.chat["id"], refusal.seen_by) == (group["id"], ana["id"])
        assert card.buttons
        server.promote(group, ana)
        server.press(card, "decide", ana)
        await server.wait_for_message(says("/decide"))
        await server.wait_for_call("editMessageReplyMarkup")
    assert not card.buttons
    assert card.text == "Choose."


@pytest.mark.parametrize("button", ["gone", "old:format:1", "do:Bad Name:1"])
async def test_a_button_nobody_knows_says_so(server, community, button):
    ana = server.person("Ana", language="pt")
    card = await card_in(server, community, server.private(ana), ana)
    async with running(server, community):
        server.press(card, button, ana)
        assert "mensagem antiga" in await server.wait_for_toast()
    assert len(community.heard) == 1


async def test_a_notice_is_said_in_its_topic_and_answers_nobody(server, community):
    ana = server.person("Ana")
    forum = server.group("Club", admins=[ana], forum=True)
    space = SpaceId(f"telegram:{forum['id']}")
    notice = Message("notice:1", "telegram", space, f"{space}:7", AION, "", address={"notice": "1"})
    reply = Reply("A page waits.", "en", buttons=(Button("Decide", "decide", "12"),))
    community.inbox.left.append(UnfinishedMessage(notice, reply, (), had_files=False, n_runs=0))
    async with running(server, community):
        card = await server.wait_for_message(says("A page waits."))
        assert (card.thread, card.reply_to) == (7, None)
        server.press(card, "Decide", ana)
        decided = await server.wait_for_message(says("/decide {'number': '12'}"))
        await server.wait_for_call("editMessageReplyMarkup")
    assert decided.thread == 7
    assert not card.buttons
    assert not community.inbox.left


async def test_a_late_answer_replies_to_the_question(server, community):
    ana = server.person("Ana")
    group = server.group("Club")
    async with running(server, community):
        asked = server.say(group, ana, "Is there parking?")
        await server.wait_for_quiet()
    space = SpaceId(f"telegram:{group['id']}")
    where = {"chat": str(group["id"]), "topic": "", "is_private": "", "message": str(asked["message_id"]), "asker": ""}
    notice = Message("notice:2", "telegram", space, space, AION, "", address={"notice": "2", **where})
    community.inbox.left.append(UnfinishedMessage(notice, Reply("Yes.", "en"), (), had_files=False, n_runs=0))
    async with running(server, community):
        late = await server.wait_for_message(says("Yes."))
    assert late.reply_to == asked["message_id"]
