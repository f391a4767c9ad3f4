"""Free channels on Telegram: what is said to nobody is passed on there, and nowhere else; silence leaves no trace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from core.ports import Outlet
from core.types import Message
from tests.e2e.telegram_community import Community, running, says
from tests.e2e.telegram_server import TelegramServer


class Discreet(Community):
    """Answers what it overhears only where it has an answer, as the real core does."""

    def __init__(self) -> None:
        super().__init__()
        self.hears = asyncio.Event()

    async def handle(self, message: Message, outlet: Outlet) -> None:
        self.hears.set()
        if message.addressed or message.text in self.answers:
            await super().handle(message, outlet)
        else:
            self.heard.append(message)


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer(reads_all_group_messages=True) as server:
        yield server


@pytest.fixture
def community() -> Discreet:
    return Discreet()


async def test_in_a_free_group_an_unaddressed_question_is_answered(server, community):
    ana = server.person("Ana")
    free, other = server.group("Free"), server.group("Other")
    community.free = {f"telegram:{free['id']}"}
    async with running(server, community):
        server.say(other, ana, "When do you open?")
        asked = server.say(free, ana, "When do you open?")
        answer = await server.wait_for_message(says("nine"))
        assert answer.reply_to == asked["message_id"]
        await server.wait_for_quiet()
    (message,) = community.heard
    assert not message.addressed
    assert server.texts(other) == []


async def test_silence_is_complete_not_even_a_typing_sign(server, community):
    ana = server.person("Ana")
    group = server.group("Free")
    community.free = {f"telegram:{group['id']}"}
    async with running(server, community):
        server.say(group, ana, "Who stole the cookies?")
        await server.wait_for_quiet()
    assert [message.text for message in community.heard] == ["Who stole the cookies?"]
    assert server.texts(group) == []
    assert server.of("sendChatAction") == []


async def test_overhearing_does_not_hold_up_the_next_update(server, community, caplog):
    ana = server.person("Ana")
    group = server.group("Free")
    community.free = {f"telegram:{group['id']}"}
    community.slow = asyncio.Event()
    community.answers["slow, isn't it?"] = "Very."
    async with running(server, community):
        server.say(group, ana, "slow, isn't it?")
        await community.hears.wait()
        server.say(group, ana, "@aion_bot When do you open?")
        await server.wait_for_message(says("nine"))
        community.slow.set()
        await server.wait_for_message(says("Very."))
    assert "before they could be taken on" not in caplog.text


async def test_what_is_said_to_someone_else_is_not_passed_on(server, community):
    ana, rui, robot = server.person("Ana"), server.person("Rui"), server.person("Robot", is_bot=True)
    group = server.group("Free")
    community.free = {f"telegram:{group['id']}"}
    async with running(server, community):
        earlier = server.say(group, ana, "Nice weather")
        server.say(group, rui, "When do you open?", reply_to=earlier)
        server.say(group, rui, "@Ana_user When do you open?")
        server.say(group, rui, "/weather")
        server.say(group, robot, "When do you open?")
        await server.wait_for_quiet()
        addressed = server.say(group, rui, "@aion_bot When do you open?")
        answer = await server.wait_for_message(says("nine"))
    assert answer.reply_to == addressed["message_id"]
    assert [(message.text, message.addressed) for message in community.heard] == [
        ("Nice weather", False),
        ("When do you open?", True),
    ]


async def test_a_free_topic_does_not_free_its_neighbours(server, community):
    ana = server.person("Ana")
    forum = server.group("Forum", forum=True)
    community.free = {f"telegram:{forum['id']}:7"}
    async with running(server, community):
        server.say(forum, ana, "When do you open?", thread=5)
        server.say(forum, ana, "When do you open?", thread=7)
        await server.wait_for_message(says("nine"))
        await server.wait_for_quiet()
    assert [message.conversation for message in community.heard] == [f"telegram:{forum['id']}:7"]
