"""The Telegram adapter when Telegram, the network or the token fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from bot.adapters.telegram.adapter import TelegramAdapter
from bot.adapters.telegram.loop_guard import MAX_IN_A_ROW
from core.errors import Superseded, Unavailable
from core.types import Message, Person, Reply, SpaceId
from core.types.delivery import UnfinishedMessage
from tests.e2e.telegram_community import TIMING, Community, bold, running, says
from tests.e2e.telegram_faults import Broken, Dropped, Flood, Rejected
from tests.e2e.telegram_server import TelegramServer
from tests.fakes import MemoryInbox


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer(reads_all_group_messages=True) as server:
        yield server


@pytest.fixture
async def community() -> Community:
    return Community()


# --- faults on the way out --------------------------------------------------------------------------------------------


async def test_a_flood_ban_is_obeyed_exactly_and_the_answer_arrives(server, community):
    ana = server.person("Ana")
    dm = server.private(ana)
    server.inject("sendMessage", Flood(1), Flood(1))
    async with running(server, community):
        server.say(dm, ana, "When do you open?")
        await server.wait_for_message(says("nine"))
    first, second, third = (call.at_s for call in server.of("sendMessage"))
    assert second - first >= 1
    assert third - second >= 1
    assert [c for c in server.of("sendChatAction") if first < c.at_s < third] == []


async def test_a_flood_ban_on_an_edit_delays_the_final_text_and_nothing_else(server, community):
    community.pause_s = 0.06
    community.answers["Count"] = "one two three four five six seven eight"
    ana, rui = server.person("Ana"), server.person("Rui")
    server.inject("editMessageText", Flood(1))
    async with running(server, community):
        group = server.group("Library")
        server.say(group, ana, "@aion_bot Count")
        await server.wait_for_call("editMessageText")
        server.say(server.private(rui), rui, "When do you open?")
        other = await server.wait_for_message(says("nine"))
        shown = await server.wait_for_message(says("eight"))
    edits = [call.at_s for call in server.of("editMessageText") if call.params["chat_id"] == str(group["id"])]
    assert edits[1] - edits[0] >= 1
    assert server.shown == [shown, other]


@pytest.mark.parametrize("fault", [Broken(500), Broken(502), Rejected(500, "Internal Server Error")])
async def test_an_answer_survives_server_errors(server, community, fault):
    ana = server.person("Ana")
    server.inject("sendMessage", fault)
    async with running(server, community):
        server.say(server.private(ana), ana, "When do you open?")
        await server.wait_for_message(says("nine"))
    assert len(server.shown) == 1


@pytest.mark.parametrize("fault", [Dropped(applied=True), Rejected(504, "Gateway Timeout"), Broken(504)])
async def test_what_was_possibly_sent_is_not_sent_again_and_the_person_is_told(server, community, fault):
    ana = server.person("Ana")
    dm = server.private(ana)
    server.inject("sendMessage", fault)
    async with running(server, community):
        server.say(dm, ana, "When do you open?")
        await server.wait_for_call("sendMessage")
        server.say(dm, ana, "Next?")
        await server.wait_for_message(says("I don't know."))
        await server.wait_for_message(says("I was interrupted while sending my answer."))
    assert len([call for call in server.of("sendMessage") if "nine" in call.params["text"]]) == 1
    assert len(server.shown) == (3 if isinstance(fault, Dropped) else 2)


async def test_that_an_answer_may_be_missing_is_said_under_its_question(server, community):
    ana = server.person("Ana")
    group = server.group("Library")
    server.inject("sendMessage", Dropped(applied=True))
    async with running(server, community):
        question = server.say(group, ana, "@aion_bot When do you open?")
        note = await server.wait_for_message(says("I was interrupted while sending my answer."))
    assert note.reply_to == question["message_id"]


class LedElsewhere(MemoryInbox):
    """The inbox of a process in whose place another leads by now."""

    async def accept(self, message: Message) -> bool:
        raise Superseded


async def test_what_another_process_is_to_accept_is_not_confirmed(server, community):
    ana = server.person("Ana")
    server.say(server.private(ana), ana, "When do you open?")
    former = Community(inbox=LedElsewhere())
    with pytest.raises(Superseded):
        await TelegramAdapter(former, server.token, server.url, TIMING).run()
    assert server.shown == []
    async with running(server, community):
        await server.wait_for_message(says("nine"))


async def test_a_group_that_becomes_a_supergroup_takes_its_space_and_the_answer_under_way_along(server, community):
    community.slow = asyncio.Event()
    community.answers["slow"] = "There you are."
    ana = server.person("Ana")
    group = server.group("Library")
    async with running(server, community):
        server.say(group, ana, "@aion_bot slow")
        await server.wait_for_call("sendChatAction")
        new = server.upgrade(group)
        await server.wait_for_quiet()
        community.slow.set()
        shown = await server.wait_for_message(says("There you are."))
        server.say(new, ana, "@aion_bot When do you open?")
        await server.wait_for_message(says("nine"))
    assert shown.chat == new
    assert set(community.moves) == {(f"telegram:{group['id']}", f"telegram:{new['id']}")}


@pytest.mark.parametrize("applied", [False, True])
async def test_a_lost_response_to_an_edit_is_repeated_without_harm(server, community, applied):
    community.pause_s = 0.1
    ana = server.person("Ana")
    async with running(server, community):
        server.say(server.private(ana), ana, "When do you open?")
        await server.wait_for_call("sendMessage")
        server.inject("editMessageText", *[Dropped(applied)] * 2)
        await server.wait_for_message(says("nine", "Handbook"))
        shown = await server.wait_for_message(lambda m: bool(m.buttons))
    assert server.shown == [shown]
    assert bold(shown)[0] == "nine"


async def test_a_message_deleted_while_it_grows_is_sent_anew(server, community):
    community.pause_s = 0.1
    ana = server.person("Ana")
    async with running(server, community):
        server.say(server.group("Library"), ana, "@aion_bot When do you open?")
        (first,) = [await server.wait_for_message(lambda m: True)]
        first.deleted = True
        await server.wait_for_message(says("nine", "Handbook"))


async def test_being_blocked_in_the_middle_of_an_answer_harms_nobody_else(server, community):
    community.pause_s = 0.1
    ana, rui = server.person("Ana"), server.person("Rui")
    group = server.group("Library")
    async with running(server, community):
        server.say(group, ana, "@aion_bot When do you open?")
        await server.wait_for_message(lambda m: True)
        server.block(group)
        server.say(server.private(rui), rui, "When do you open?")
        await server.wait_for_message(lambda m: m.chat["id"] == rui["id"] and "Handbook" in m.text)


# --- faults on the way in ---------------------------------------------------------------------------------------------


async def test_a_message_delivered_again_has_the_same_key(server, community):
    ana = server.person("Ana")
    dm = server.private(ana)
    async with running(server, community):
        server.say(dm, ana, "When do you open?")
        await server.wait_for_message(says("nine"))
        server.redeliver(server.updates[0])
        server.say(dm, ana, "Next?")
        await server.wait_for_message(says("I don't know."))
        await server.wait_for_quiet()
    assert [m.text for m in community.heard] == ["When do you open?", "Next?"]
    assert len(server.shown) == 2


async def test_polling_survives_every_passing_fault(server, community, caplog):
    ana = server.person("Ana")
    dm = server.private(ana)
    server.inject(
        "getUpdates",
        Broken(),
        Dropped(applied=False),
        Dropped(applied=True),
        Flood(1),
        Rejected(400, "Bad Request: odd"),
    )
    async with running(server, community):
        server.push({"message": {"nonsense": True}})
        server.push({"message": {"message_id": "x", "date": [], "chat": 5}})
        server.push({"unheard_of": {}})
        server.say(dm, ana, "When do you open?")
        await server.wait_for_message(says("nine"))
    assert len(community.heard) == 1
    assert "cannot be read" in caplog.text


async def test_what_speaks_as_a_chat_is_not_answered_for_ever(server, community):
    ana = server.person("Ana")
    group = server.group("Library")
    news = {"sender_chat": {"id": -1002, "type": "channel", "title": "News"}}
    async with running(server, community):
        for n in range(MAX_IN_A_ROW + 2):
            server.say(group, ana, f"@aion_bot When do you open? {n}", extra=news)
        await server.wait_for_quiet()
        server.say(group, ana, "@aion_bot And who are you?")
        server.say(group, ana, "@aion_bot When do you open? again", extra=news)
        await server.wait_for_quiet()
    assert len(community.heard) == MAX_IN_A_ROW + 2


async def test_a_second_poller_is_named_in_the_log(server, community, caplog):
    ana = server.person("Ana")
    async with running(server, community), running(server, Community()):
        await server.wait_for_call("getUpdates", 4)
        await asyncio.sleep(0.1)
    assert server.n_conflicts
    assert "another program is polling Telegram with this token" in caplog.text
    async with running(server, community):
        server.say(server.private(ana), ana, "When do you open?")
        await server.wait_for_message(says("nine"))


async def test_the_api_may_be_down_at_the_start(server, community):
    ana = server.person("Ana")
    port = server.port
    await server.stop()
    async with running(server, community):
        await asyncio.sleep(0.3)
        await server.start(port)
        server.say(server.private(ana), ana, "When do you open?")
        await server.wait_for_message(says("nine"))


@pytest.mark.parametrize("token", ["7000000001:another", "no token at all", "", "7000000001:TEST\n"])
async def test_a_wrong_token_is_one_clear_error(server, community, token):
    adapter = TelegramAdapter(community, token, server.url, TIMING)
    with pytest.raises(Unavailable) as raised:
        await asyncio.wait_for(adapter.run(), 5)
    assert raised.value.key == "telegram.bad_token"


async def test_a_token_revoked_later_ends_the_adapter_loudly(server, community):
    ana = server.person("Ana")
    task = asyncio.create_task(TelegramAdapter(community, server.token, server.url, TIMING).run())
    server.say(server.private(ana), ana, "When do you open?")
    await server.wait_for_message(says("nine"))
    server.inject("getUpdates", Rejected(401, "Unauthorized"))
    server.say(server.private(ana), ana, "Anyone there?")
    with pytest.raises(Unavailable):
        await asyncio.wait_for(task, 10)


async def test_no_token_reaches_the_log(server, community, caplog):
    caplog.set_level(logging.DEBUG)
    ana = server.person("Ana")
    server.inject("getMe", Broken(), Dropped(applied=False))
    server.inject("sendMessage", Broken())
    async with running(server, community):
        server.upload(server.private(ana), ana, "a.md", b"A", caption="/index")
        await server.wait_for_message(says("Learned"))
    with pytest.raises(Unavailable):
        await TelegramAdapter(community, "7000000001:SECRET-and-wrong", server.url, TIMING).run()
    assert caplog.records
    assert not [r for r in caplog.records if server.token in r.getMessage() or "SECRET-and" in r.getMessage()]
    assert server.token not in caplog.text
    assert "SECRET-and" not in caplog.text


# --- taking on --------------------------------------------------------------------------------------------------------


class SlowInbox(MemoryInbox):
    """Takes messages on when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.may_accept = asyncio.Event()

    async def accept(self, message: Message) -> bool:
        await self.may_accept.wait()
        return await super().accept(message)


async def test_a_message_is_confirmed_to_telegram_only_once_it_was_taken_on(server, community):
    community.inbox = inbox = SlowInbox()
    ana = server.person("Ana")
    async with running(server, community):
        server.say(server.private(ana), ana, "When do you open?")
        await asyncio.sleep(0.5)
        assert not [call for call in server.of("getUpdates") if "offset" in call.params]
        inbox.may_accept.set()
        await server.wait_for_quiet()
        await server.wait_for_message(says("nine"))


async def test_what_an_earlier_process_left_is_finished_in_its_place(server, community):
    ana = server.person("Ana")
    forum = server.group("Library", forum=True)
    asked = server.say(forum, ana, "@aion_bot When do you open?", thread=5)
    address = {"chat": str(forum["id"]), "topic": "5", "is_private": "", "asker": str(ana["id"])}
    message = Message(
        key="telegram:earlier",
        platform="telegram",
        space=SpaceId(f"telegram:{forum['id']}"),
        conversation="5",
        person=Person(f"telegram:{ana['id']}", "Ana"),
        text="Anyone there?",
        address={**address, "message": str(asked["message_id"])},
    )
    community.inbox.left = [UnfinishedMessage(message, Reply("At **ten**.", "en", 9), (), had_files=False, n_runs=1)]
    async with running(server, community):
        shown = await server.wait_for_message(says("At ten."))
    assert (shown.thread, shown.reply_to, bold(shown), len(shown.buttons)) == (5, asked["message_id"], ["ten"], 2)
