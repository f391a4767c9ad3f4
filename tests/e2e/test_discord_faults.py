"""The real discord.py against a small Discord where things go wrong: nothing accepted is lost, nothing is doubled."""

from __future__ import annotations

import asyncio
import logging
from itertools import pairwise

import pytest
from discord_faults import Cut, Failed, Held, RateLimited
from discord_front import ScriptedFront, adapter, running
from discord_server import DiscordServer
from discord_things import snowflake

from core.errors import Unavailable
from core.texts import explain
from core.types import Reply
from core.types.delivery import DeliveredPart, UnfinishedMessage

LONG = "\n\n".join(f"Paragraph {n}: " + "many words in a row " * 20 for n in range(12)).strip()


@pytest.fixture
async def discord():
    async with DiscordServer() as server:
        yield server


@pytest.fixture
def eva(discord):
    return discord.person("Eva")


@pytest.fixture
def channel(discord, eva):
    return discord.channel(discord.guild("Library", roles={"Reader": [eva]}), "general")


@pytest.fixture
def front():
    return ScriptedFront()


@pytest.fixture
async def bot(discord, channel, front, tmp_path):
    async with running(front, discord, tmp_path) as task:
        yield task


async def quiet(discord):
    await asyncio.sleep(0.3)
    return [message.content for message in discord.shown]


# --- sending ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize(
    "fault", [RateLimited(0.2), Failed(503), Failed(503, applied=True), Cut(applied=False), Cut(applied=True)], ids=repr
)
async def test_an_answer_is_shown_once_whatever_happens_to_its_sending(discord, eva, channel, fault):
    discord.inject("POST /channels/\\d+/messages", fault)
    discord.say(channel, eva, "When?", mentions_bot=True)
    await discord.wait_until(lambda: len([c for c in discord.calls if c.path.endswith("/messages")]) == 2)
    assert await quiet(discord) == ["You said: When?"]


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("fault", [RateLimited(0.2), Failed(503), Cut(applied=False), Cut(applied=True)], ids=repr)
async def test_the_final_text_arrives_whatever_happens_to_its_edit(discord, eva, channel, front, fault):
    async def stream(message, outlet):
        await outlet.partial("Half")
        await discord.wait_for_message()
        discord.inject("PATCH", fault)
        await outlet.send(Reply("Half and whole.", "en", answer_id=7))

    front.script = stream
    discord.say(channel, eva, "When?", mentions_bot=True)
    await discord.wait_for_message(lambda m: m.buttons)
    assert await quiet(discord) == ["Half and whole."]


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("whole", ["Half and whole.", "Half"])
async def test_a_partial_text_whose_sending_was_unsure_becomes_the_final_one(discord, eva, channel, front, whole):
    """The first attempt did arrive; the second has newer text but the same nonce, and Discord hands back the first."""
    discord.inject("POST /channels/\\d+/messages", Cut(applied=True))

    async def stream(message, outlet):
        await outlet.partial("Half")
        await discord.wait_for_message()
        await asyncio.sleep(0.05)
        await outlet.send(Reply(whole, "en", answer_id=7))

    front.script = stream
    discord.say(channel, eva, "When?", mentions_bot=True)
    await discord.wait_for_message(lambda m: m.buttons)
    assert await quiet(discord) == [whole]


async def test_that_a_reply_may_be_missing_is_said_under_its_question(
    discord, eva, channel, front, tmp_path, monkeypatch
):
    """Discord no longer knows the nonce of a reply that an earlier process may have sent, so it is not sent again."""

    async def leave(message, outlet):
        possibly_sent = (DeliveredPart(0, None),)
        reply = Reply("Nine.", "en", answer_id=7)
        front.inbox.left.append(UnfinishedMessage(message, reply, possibly_sent, had_files=False, n_runs=1))

    front.script = leave
    monkeypatch.setattr("bot.adapters.discord.post.NONCE_S", 0.0)
    async with running(front, discord, tmp_path):
        question = discord.say(channel, eva, "When?", mentions_bot=True)
        await discord.wait_until(lambda: front.inbox.left)
    async with running(front, discord, tmp_path):
        note = await discord.wait_for_message()
    assert note.content.startswith("I was interrupted while sending my answer.")
    assert note.reference is question


@pytest.mark.usefixtures("bot")
async def test_partial_text_is_shed_while_discord_is_busy(discord, eva, channel, front):
    async def stream(message, outlet):
        await outlet.partial("Half")
        await discord.wait_for_message()
        discord.inject("PATCH", *[Cut(applied=False)] * 2)
        for n in range(30):
            await outlet.partial("Half" + " and more" * n)
            await asyncio.sleep(0.1)
        await outlet.send(Reply("Whole.", "en", answer_id=7))

    front.script = stream
    discord.say(channel, eva, "When?", mentions_bot=True)
    await discord.wait_for_message(lambda m: m.content == "Whole.")
    edits = [call.at for call in discord.calls if call.method == "PATCH"]
    assert 3 <= len(edits) <= 5
    assert all(later - earlier >= 0.99 for earlier, later in pairwise(edits))


@pytest.mark.usefixtures("bot")
async def test_a_channel_held_to_five_messages_in_two_seconds_still_gets_every_part(discord, eva, channel, front):
    discord.bucket = (5, 2.0)

    async def long(message, outlet):
        await outlet.send(Reply(LONG * 3, "en", answer_id=7))

    front.script = long
    discord.say(channel, eva, "everything", mentions_bot=True)
    await discord.wait_for_message(lambda m: m.buttons)
    shown = "".join("".join(message.content.split()) for message in discord.shown)
    assert shown == "".join((LONG * 3).split())
    assert 429 not in {call.status for call in discord.calls}


@pytest.mark.usefixtures("bot")
async def test_a_message_deleted_while_it_is_written_is_sent_anew(discord, eva, channel, front):
    async def stream(message, outlet):
        await outlet.partial("Half")
        discord.delete_message(await discord.wait_for_message())
        await outlet.send(Reply("Half and whole.", "en", answer_id=7))

    front.script = stream
    discord.say(channel, eva, "When?", mentions_bot=True)
    await discord.wait_for_message(lambda m: m.buttons)
    assert await quiet(discord) == ["Half and whole."]


@pytest.mark.usefixtures("bot")
async def test_a_deleted_question_is_still_answered(discord, eva, channel, front):
    async def slow(message, outlet):
        discord.delete_message(asked)
        await outlet.send(Reply("Whole.", "en"))

    front.script = slow
    asked = discord.say(channel, eva, "When?", mentions_bot=True)
    answer = await discord.wait_for_message()
    assert answer.reference is None


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("loss", ["channel deleted", "kicked"])
async def test_losing_the_place_mid_answer_harms_nothing_else(discord, eva, channel, front, caplog, loss):
    elsewhere = discord.dm(eva)

    async def stream(message, outlet):
        if message.text == "When?":
            await outlet.partial("Half")
            await discord.wait_for_message()
            if loss == "kicked":
                del channel.guild.members[discord.bot]
            else:
                discord.delete_channel(channel)
        await outlet.send(Reply("Whole.", "en"))

    front.script = stream
    discord.say(channel, eva, "When?", mentions_bot=True)
    await discord.wait_until(lambda: {call.status for call in discord.calls} & {403, 404})
    discord.say(elsewhere, eva, "still there?")
    await discord.wait_for_message(lambda m: m.channel is elsewhere)
    assert "not delivered" in caplog.text


@pytest.mark.usefixtures("bot")
async def test_what_was_said_while_a_session_was_lost_is_answered_once(discord, eva, channel, front):
    discord.say(channel, eva, "before", mentions_bot=True)
    dm = discord.dm(eva)
    discord.say(dm, eva, "before, alone")
    await discord.wait_until(lambda: len(discord.shown) == 2)
    discord.invalidate_session(resumable=False)
    discord.say(channel, eva, "meanwhile", mentions_bot=True)
    discord.say(channel, eva, "not for you")
    discord.say(dm, eva, "meanwhile, alone")
    await discord.wait_until(lambda: len(discord.shown) == 4)
    again = discord.say(channel, eva, "after", mentions_bot=True)
    await discord.wait_until(lambda: len(discord.shown) == 5)
    assert [message.text for message in front.handled][2:] == ["meanwhile", "meanwhile, alone", "after"]
    assert discord.shown[-1].reference is again
    assert discord.n_identified == 2


async def test_what_was_asked_while_no_process_ran_is_answered_once(discord, eva, channel, front, tmp_path):
    dm = discord.dm(eva)
    async with running(front, discord, tmp_path):
        discord.say(channel, eva, "before", mentions_bot=True)
        discord.say(dm, eva, "before, alone")
        await discord.wait_until(lambda: len(discord.shown) == 2 and front.n_starts == 1)
    discord.say(channel, eva, "meanwhile", mentions_bot=True)
    discord.say(channel, eva, "not for you")
    discord.say(dm, eva, "meanwhile, alone")
    async with running(front, discord, tmp_path):
        await discord.wait_until(lambda: len(discord.shown) == 4)
        discord.say(channel, eva, "after", mentions_bot=True)
        await discord.wait_until(lambda: len(discord.shown) == 5)
    said = [message.text for message in front.handled]
    assert sorted(said[2:]) == ["after", "meanwhile", "meanwhile, alone"]


# --- commands --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("fault", [Cut(applied=False), Cut(applied=True)], ids=repr)
async def test_a_command_whose_acknowledgement_was_cut_is_carried_out_once(discord, eva, channel, front, fault):
    discord.inject("POST /interactions", fault)
    call = discord.slash("ask", eva, channel, question="When?")
    assert "When?" in (await discord.wait_for_reply(call)).content
    assert len(front.handled) == 1


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize(
    "fault", [Cut(applied=True), Cut(applied=False), Failed(503, applied=True), Failed(503)], ids=repr
)
async def test_a_long_answer_to_a_command_is_whole_and_not_doubled_whatever_its_parts_meet(
    discord, eva, channel, front, fault
):
    async def long(message, outlet):
        await outlet.send(Reply(LONG, "en", answer_id=7))

    front.script = long
    discord.inject(r"POST /channels/\d+/messages", fault)
    call = discord.slash("ask", eva, channel, question="everything")
    await discord.wait_until(lambda: any(message.buttons for message in discord.shown))
    assert call.messages == discord.shown[:1]
    assert "".join("".join(message.content.split()) for message in discord.shown) == "".join(LONG.split())


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("fault", [Cut(applied=True), Failed(502, applied=True), Failed(502)], ids=repr)
async def test_a_private_follow_up_in_doubt_is_not_doubled_and_the_person_is_told(discord, eva, channel, front, fault):
    async def long(message, outlet):
        await outlet.send(Reply(LONG, "en", private=True))

    front.script = long
    discord.inject("POST /webhooks", fault)
    call = discord.slash("help", eva, channel)
    told = await discord.wait_until(lambda: [m for m in call.messages if m.content.startswith("I was interrupted")])
    assert told[0].is_private
    shown = [message.content for message in call.messages if message not in told]
    assert len(shown) == len(set(shown))
    assert ("".join("".join(text.split()) for text in shown) == "".join(LONG.split())) == fault.applied


@pytest.mark.usefixtures("bot")
async def test_an_interaction_too_old_to_acknowledge_is_not_carried_out_unseen(discord, eva, channel, front, caplog):
    call = discord.slash("ask", eva, channel, question="When?")
    call.deadline = 0.0
    await discord.wait_until(lambda: "could not be acknowledged" in caplog.text or discord.calls[-1].status == 404)
    await quiet(discord)
    assert front.handled == []


@pytest.mark.usefixtures("bot")
async def test_an_answer_that_outlives_its_token_goes_to_the_channel(discord, eva, channel, front):
    async def slow(message, outlet):
        await outlet.progress("Reading")
        await discord.wait_for_message()
        call.is_expired = True
        await outlet.send(Reply(LONG, "en", answer_id=7))

    front.script = slow
    call = discord.slash("ask", eva, channel, question="everything")
    await discord.wait_for_message(lambda m: m.buttons)
    written = [message for message in discord.shown if message not in call.messages]
    assert "".join("".join(message.content.split()) for message in written) == "".join(LONG.split())


@pytest.mark.usefixtures("bot")
async def test_what_is_private_never_goes_to_the_channel(discord, eva, channel, front):
    async def slow(message, outlet):
        call.is_expired = True
        await outlet.send(Reply("secret", "en", private=True))

    front.script = slow
    call = discord.slash("help", eva, channel)
    await discord.wait_for_message(lambda m: m.content == "secret")
    await quiet(discord)
    assert [message.channel for message in discord.shown] == [discord.dm(eva)]


# --- gateway ---------------------------------------------------------------------------------------------------------


def resumable(discord):
    return {
        "closed with 4000": lambda: discord.close_gateway(4000),
        "closed with 1000": lambda: discord.close_gateway(1000),
        "broken off": discord.drop_gateway,
        "asked to reconnect": discord.ask_to_reconnect,
        "invalid but resumable": lambda: discord.invalidate_session(resumable=True),
    }


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("how", resumable(DiscordServer()))
async def test_what_is_said_while_the_gateway_is_away_is_answered_once(discord, eva, channel, front, how):
    discord.say(channel, eva, "before", mentions_bot=True)
    await discord.wait_for_message()
    resumable(discord)[how]()
    asked = discord.say(channel, eva, "meanwhile", mentions_bot=True)
    await discord.wait_until(lambda: discord.n_resumed == 1)
    await discord.wait_for_message(lambda m: "meanwhile" in m.content)
    assert await quiet(discord) == ["You said: before", "You said: meanwhile"]
    assert front.delivered.count(f"discord:{asked.id}") == 1


@pytest.mark.usefixtures("bot")
async def test_a_session_that_is_gone_is_begun_anew(discord, eva, channel):
    discord.invalidate_session(resumable=False)
    await discord.wait_for_bot(2)
    discord.say(channel, eva, "after", mentions_bot=True)
    await discord.wait_for_message(lambda m: "after" in m.content)


@pytest.mark.usefixtures("bot")
async def test_an_event_delivered_twice_reaches_the_core_once(discord, eva, channel, front):
    asked = discord.say(channel, eva, "When?", mentions_bot=True)
    discord.redeliver()
    discord.say(channel, eva, "Next?", mentions_bot=True)
    await discord.wait_for_message(lambda m: "Next?" in m.content)
    assert front.delivered.count(f"discord:{asked.id}") == 1
    assert sorted(await quiet(discord)) == ["You said: Next?", "You said: When?"]


@pytest.mark.usefixtures("bot")
async def test_a_command_delivered_twice_reaches_the_core_once(discord, eva, channel, front):
    call = discord.slash("ask", eva, channel, question="When?")
    discord.redeliver()
    await discord.wait_for_reply(call)
    assert len(await quiet(discord)) == 1
    assert front.delivered == [f"discord:interaction:{call.id}"]


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("MESSAGE_CREATE", {}),
        ("MESSAGE_CREATE", None),
        ("MESSAGE_CREATE", {"id": "not a number", "channel_id": "1", "author": {}}),
        ("INTERACTION_CREATE", {"type": 2}),
        ("GUILD_CREATE", {"name": 5}),
        ("SOMETHING_NEW", {"x": 1}),
    ],
    ids=str,
)
async def test_a_malformed_event_is_survived(discord, eva, channel, name, data):
    discord.send_event(name, data)
    discord.say(channel, eva, "still there?", mentions_bot=True)
    await discord.wait_for_message(lambda m: "still there?" in m.content)
    assert discord.n_identified == 1


# --- starting and stopping -------------------------------------------------------------------------------------------


async def ended(front, discord, tmp_path, **options) -> str:
    """Run until the adapter gives up and return the sentence it gives."""
    with pytest.raises(Unavailable) as caught:
        await asyncio.wait_for(adapter(front, discord, tmp_path, **options).run(), 20)
    assert explain("pt", caught.value)
    return explain("en", caught.value)


async def test_a_wrong_token_is_one_sentence(front, discord, tmp_path):
    assert "refused the token" in await ended(front, discord, tmp_path, token="wrong")


async def test_a_token_revoked_between_login_and_gateway_is_one_sentence(front, discord, tmp_path):
    starting = asyncio.create_task(ended(front, discord, tmp_path))
    await discord.wait_until(lambda: any(call.path.endswith("/applications/@me") for call in discord.calls))
    discord.token = "revoked"
    assert "refused the token" in await starting


async def test_an_unreachable_api_is_one_sentence(front, discord, tmp_path):
    await discord.stop()
    assert "cannot be reached" in await ended(front, discord, tmp_path)


async def test_an_api_that_is_down_is_one_sentence(front, discord, tmp_path):
    discord.inject("GET /users/@me", Failed(503))
    assert "cannot be reached" in await ended(front, discord, tmp_path)


async def test_a_gateway_refused_at_first_is_one_sentence(front, discord, tmp_path):
    discord.refuse_gateway = True
    assert "cannot be reached" in await ended(front, discord, tmp_path)


async def test_refused_commands_do_not_keep_it_from_answering(front, discord, eva, channel, tmp_path, caplog):
    discord.refuse_commands = True
    async with running(front, discord, tmp_path):
        discord.say(channel, eva, "When?", mentions_bot=True)
        await discord.wait_for_message()
        async with asyncio.timeout(20):
            while "refused the commands" not in caplog.text:  # noqa: ASYNC110 (the log tells nobody)
                await asyncio.sleep(0.01)
    assert discord.n_syncs == 0


async def test_without_the_content_intent_mentions_and_dms_work_and_replies_are_told_how(
    front, discord, eva, channel, tmp_path, caplog
):
    discord.refuse_content_intent = True
    async with running(front, discord, tmp_path):
        discord.say(channel, eva, "When?", mentions_bot=True)
        answer = await discord.wait_for_message()
        discord.say(discord.dm(eva), eva, "in private")
        await discord.wait_for_message(lambda m: "in private" in m.content)
        discord.say(channel, eva, "unread", reply_to=answer)
        discord.say(discord.thread(channel, discord.bot), eva, "unread too")
        await discord.wait_for_message(lambda m: "mention me" in m.content)
        assert len(await quiet(discord)) == 3
    assert [message.text for message in front.handled] == ["When?", "in private"]
    assert "message content intent is off" in caplog.text


async def test_the_invite_link_is_logged_at_the_start(front, discord, tmp_path, caplog):
    caplog.set_level(logging.INFO, "bot")
    async with running(front, discord, tmp_path):
        pass
    assert f"client_id={discord.bot.id}" in caplog.text
    assert "applications.commands" in caplog.text
    assert discord.token not in caplog.text


async def test_an_answer_under_way_is_finished_before_stopping(front, discord, eva, channel, tmp_path):
    started = asyncio.Event()

    async def slow(message, outlet):
        started.set()
        await asyncio.sleep(0.3)
        await outlet.send(Reply("Just in time.", "en"))

    front.script = slow
    async with running(front, discord, tmp_path):
        discord.say(channel, eva, "When?", mentions_bot=True)
        await started.wait()
    assert [message.content for message in discord.shown] == ["Just in time."]


async def test_stopping_leaves_nothing_running(front, discord, eva, channel, tmp_path, monkeypatch):
    monkeypatch.setattr("bot.adapters.discord.client.GRACE_S", 0.05)
    before = asyncio.all_tasks()
    cancelled = asyncio.Event()

    async def endless(message, outlet):
        try:
            await asyncio.sleep(3600)
        finally:
            cancelled.set()

    front.script = endless
    async with running(front, discord, tmp_path):
        discord.say(channel, eva, "When?", mentions_bot=True)
        await discord.wait_until(lambda: front.handled)
    assert cancelled.is_set()
    await asyncio.sleep(0.05)
    left = [repr(task) for task in asyncio.all_tasks() - before]
    assert not [task for task in left if "/bot/" in task]


@pytest.mark.usefixtures("bot")
async def test_slow_rest_calls_of_one_chat_do_not_hold_up_another(discord, eva, channel):
    released = asyncio.Event()
    discord.inject("POST /channels/\\d+/messages", Held(released))
    discord.say(channel, eva, "first", mentions_bot=True)
    await discord.wait_until(lambda: any(call.path.endswith("/messages") for call in discord.calls))
    discord.say(discord.dm(eva), eva, "second")
    answer = await discord.wait_for_message(lambda m: "second" in m.content)
    assert answer.channel is discord.dm(eva)
    released.set()


def test_ids_tell_their_time():
    first, second = snowflake(), snowflake()
    assert first < second
