"""The real python-telegram-bot, the adapter and a hand-written core, over loopback HTTP with a small Telegram."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from core.types import File, Person
from tests.e2e.telegram_community import Community, bold, running, says
from tests.e2e.telegram_faults import Broken, Dropped, Rejected, Slow
from tests.e2e.telegram_server import TelegramServer
from tests.e2e.telegram_world import utf16


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer(reads_all_group_messages=True) as server:
        yield server


@pytest.fixture
async def community() -> Community:
    return Community()


# --- private chats ----------------------------------------------------------------------------------------------------


async def test_a_question_in_private_is_answered_with_sources_and_thumbs(server, community):
    community.pause_s = 0.05
    ana = server.person("Ana", language="pt-br")
    dm = server.private(ana)
    async with running(server, community):
        said = server.say(dm, ana, "When do you open?")
        shown = await server.wait_for_message(says("nine", "Handbook › Hours"))
    assert bold(shown)[0] == "nine"
    assert [b["text"] for b in shown.buttons] == ["👍", "👎"]
    assert all(len(b["callback_data"].encode()) <= 64 for b in shown.buttons)
    (message,) = community.heard
    assert message.key == f"telegram:{dm['id']}:{said['message_id']}"
    assert message.space == message.conversation == f"telegram:dm:{ana['id']}"
    assert message.person == Person(f"telegram:{ana['id']}", "Ana")
    assert message.locale == "pt-br"
    assert server.of("sendChatAction")[0].params["action"] == "typing"
    assert server.of("sendMessage")[0].params["link_preview_options"] == {"is_disabled": True}


async def test_an_answer_grows_in_one_message_while_it_is_written(server, community):
    community.pause_s = 0.06
    community.answers["Count"] = "one two three four five six seven eight"
    ana = server.person("Ana")
    async with running(server, community):
        server.say(server.group("Library"), ana, "@aion_bot Count")
        shown = await server.wait_for_message(says("eight"))
    assert len(server.shown) == 1
    assert len(shown.history) >= 2
    assert all(later.startswith(earlier) for earlier, later in zip(shown.history, shown.history[1:], strict=False))


async def test_start_is_help_and_an_unknown_command_is_passed_on(server, community):
    ana = server.person("Ana")
    dm = server.private(ana)
    async with running(server, community):
        server.say(dm, ana, "/start from_a_link")
        server.say(dm, ana, "/nonsense x")
        server.say(dm, ana, "/ask When do you open?")
        await server.wait_for_message(says("/help {}"))
        await server.wait_for_message(says("/nonsense"))
        await server.wait_for_message(says("/ask {'question': 'When do you open?'}"))


async def test_what_has_no_words_gets_one_sentence_in_private_and_silence_in_a_group(server, community):
    ana = server.person("Ana", language="pt")
    dm, group = server.private(ana), server.group("Library")
    async with running(server, community):
        server.sticker(group, ana)
        server.sticker(dm, ana)
        await server.wait_for_message(says("Não leio figurinhas"))
        server.upload(dm, ana, "hours.md", b"# Hours")
        await server.wait_for_message(says("/index"))
        await server.wait_for_quiet()
    assert server.texts(group) == []
    assert community.heard == []


# --- groups -----------------------------------------------------------------------------------------------------------


async def test_in_a_group_only_what_is_addressed_to_the_bot_is_answered(server, community):
    ana, rui, robot = server.person("Ana"), server.person("Rui"), server.person("Robot", is_bot=True)
    group = server.group("Library")
    async with running(server, community):
        server.say(group, ana, "When do you open?")
        server.say(group, ana, "@other_bot When do you open?")
        server.say(group, ana, "/ask@other_bot When do you open?")
        server.say(group, ana, "/weather")
        server.say(group, robot, "@aion_bot When do you open?")
        mention = server.say(group, ana, "@AION_bot, When do you open?")
        answer = await server.wait_for_message(says("nine"))
        assert answer.reply_to == mention["message_id"]
        server.say(group, rui, "@Ana_user look at this", reply_to=answer)
        server.say(group, rui, "And on Sundays?", reply_to=answer)
        await server.wait_for_message(says("I don't know."))
        server.say(group, rui, "/ask@aion_bot Is it free?")
        await server.wait_for_message(says("/ask {'question': 'Is it free?'}"))
        await server.wait_for_quiet()
    assert [m.text for m in community.heard[:2]] == ["When do you open?", "And on Sundays?"]
    assert len(community.heard) == 3
    assert {m.space for m in community.heard} == {f"telegram:{group['id']}"}


async def test_a_bare_mention_under_someone_elses_question_passes_it_on(server, community):
    ana, rui = server.person("Ana"), server.person("Rui")
    group = server.group("Library")
    async with running(server, community):
        question = server.say(group, ana, "When do you open?")
        server.say(group, rui, "@aion_bot", reply_to=question)
        await server.wait_for_message(says("nine"))


async def test_privacy_mode_still_lets_mentions_replies_and_commands_through(community, caplog):
    caplog.set_level(logging.INFO, logger="bot")
    async with TelegramServer() as server, running(server, community):
        ana = server.person("Ana")
        group = server.group("Library")
        server.say(group, ana, "When do you open?")
        server.say(group, ana, "@aion_bot When do you open?")
        await server.wait_for_message(says("nine"))
        assert len(community.heard) == 1
    assert "privacy mode is on" in caplog.text


async def test_a_topic_is_carried_on_everything_and_isolated(server, community):
    community.pause_s = 0.05
    ana = server.person("Ana")
    forum = server.group("Library", forum=True)
    async with running(server, community):
        server.say(forum, ana, "@aion_bot When do you open?", thread=5)
        shown = await server.wait_for_message(says("nine"))
        server.say(forum, ana, "@aion_bot General?", thread=1)
        general = await server.wait_for_message(says("I don't know."))
    assert (shown.thread, general.thread) == (5, None)
    assert server.of("sendChatAction")[0].params["message_thread_id"] == "5"
    in_topic, in_general = community.heard
    assert in_topic.space == in_general.space == in_general.conversation
    assert in_topic.conversation == f"{in_topic.space}:5"


async def test_a_private_reply_leaves_the_group_where_it_can(server, community):
    ana, rui = server.person("Ana"), server.person("Rui")
    group, dm = server.group("Library"), server.private(ana)
    server.private(rui, started=False)
    async with running(server, community):
        server.say(group, ana, "/help@aion_bot")
        await server.wait_for_message(lambda m: m.chat["id"] == dm["id"])
        assert server.texts(group) == []
        server.say(group, rui, "/help@aion_bot")
        await server.wait_for_message(lambda m: m.chat["id"] == group["id"])


async def test_the_menu_is_published_by_scope_and_language_and_only_once(server, community):
    async with running(server, community):
        await server.wait_for_call("setMyCommands", 6)
    names = {key: [c["command"] for c in menu] for key, menu in server.menus.items()}
    everything, open_to_all = ["help", "ask", "index"], ["help", "ask"]
    assert names["all_private_chats", ""] == names["all_chat_administrators", "pt"] == everything
    assert names["all_group_chats", ""] == names["all_group_chats", "pt"] == open_to_all
    assert server.menus["all_group_chats", "pt"][0]["description"] == "O que eu sei fazer"
    assert server.menus["all_group_chats", ""][0]["description"] == "What I can do"
    async with running(server, community):
        await server.wait_for_call("getMyCommands", 12)
        await server.wait_for_call("getUpdates", len(server.of("getUpdates")) + 1)
    assert len(server.of("setMyCommands")) == 6


# --- moderators and files ---------------------------------------------------------------------------------------------


async def test_a_reaction_to_an_answer_is_a_thumb_where_the_bot_is_an_admin(server, community):
    ana = server.person("Ana")
    group, other = server.group("Library", admins=[server.me]), server.group("Club")
    async with running(server, community):
        server.say(group, ana, "@aion_bot When do you open?")
        shown = await server.wait_for_message(says("nine"))
        server.react(shown, ana, "👎")
        server.redeliver(server.updates[-1])
        server.react(shown, ana, "👍")
        server.react(shown, ana, "🎉")
        server.react(shown, ana)
        server.say(other, ana, "@aion_bot When do you open?")
        elsewhere = await server.wait_for_message(lambda m: m.chat == other and "nine" in m.text)
        server.react(elsewhere, ana, "👍")
        server.say(group, ana, "@aion_bot Next?")
        await server.wait_for_message(says("I don't know."))
    assert community.thumbs == {}
    assert community.n_ratings >= 3


async def test_in_a_private_chat_the_answer_is_drafted_and_then_sent_once(server, community):
    community.answers["When do you open?"] = "At **nine** on every day but Sunday."
    community.pause_s = 0.1
    ana = server.person("Ana")
    dm = server.private(ana)
    async with running(server, community):
        server.say(dm, ana, "When do you open?")
        await server.wait_for_message(says("Sunday."))
    (drafted,) = server.drafts.values()
    assert len(drafted) > 2
    assert all("At nine on every day but Sunday.".startswith(text) for text in drafted[1:])
    assert len(server.of("sendMessage")) == 1
    assert server.of("editMessageText") == []


async def test_where_drafts_are_refused_the_answer_is_edited_as_elsewhere(server, community):
    community.answers["When do you open?"] = "At nine on every day but Sunday."
    community.pause_s = 0.1
    server.inject("sendMessageDraft", Rejected(400, "Bad Request: method is not available"))
    ana = server.person("Ana")
    dm = server.private(ana)
    async with running(server, community):
        server.say(dm, ana, "When do you open?")
        await server.wait_for_message(says("Sunday."))
    assert len(server.of("sendMessageDraft")) == 1
    assert len(server.shown) == 1
    assert server.shown[0].history


async def test_an_album_whose_parts_come_late_or_backwards_is_one_message(server, community):
    ana = server.person("Ana")
    group = server.group("Library", admins=[ana])
    async with running(server, community):
        server.album(group, ana, {"a.md": b"A", "b.md": b"B"}, caption="/index@aion_bot")
        server.swap_last_updates()
        await server.wait_for_message(says("Learned a.md, b.md."))
        server.redeliver(server.updates[0])
        server.redeliver(server.updates[1])
        server.say(group, ana, "@aion_bot When do you open?")
        await server.wait_for_message(says("nine"))
    assert [message.command for message in community.heard] == ["index", None]


async def test_a_document_is_taught_by_caption_by_reply_and_as_an_album(server, community):
    ana = server.person("Ana")
    group = server.group("Library", admins=[ana])
    async with running(server, community):
        server.upload(group, ana, "hours.md", b"nine to five", caption="/index@aion_bot")
        await server.wait_for_message(says("Learned hours.md."))
        document = server.upload(group, ana, "rules.md", b"be kind")
        server.say(group, ana, "/index@aion_bot", reply_to=document)
        await server.wait_for_message(says("Learned rules.md."))
        server.album(group, ana, {"a.md": b"A", "b.md": b"B", "c.md": b"C"}, caption="/index@aion_bot")
        await server.wait_for_message(says("Learned a.md, b.md, c.md."))
    assert community.files == {
        "hours.md": b"nine to five",
        "rules.md": b"be kind",
        "a.md": b"A",
        "b.md": b"B",
        "c.md": b"C",
    }
    assert [m.attachments[0].size_bytes for m in community.heard] == [12, 7, 1]


async def test_moderators_are_asked_for_at_the_moment_of_the_call(server, community):
    ana = server.person("Ana")
    group, dm = server.group("Library"), server.private(ana)
    async with running(server, community):
        server.upload(group, ana, "a.md", b"A", caption="/index@aion_bot")
        refusal = await server.wait_for_message(says("Only moderators"))
        assert refusal.chat["id"] == dm["id"]
        server.promote(group, ana)
        server.upload(group, ana, "b.md", b"B", caption="/index@aion_bot")
        await server.wait_for_message(says("Learned b.md."))
        server.promote(group, ana, "member")
        server.upload(group, ana, "c.md", b"C", caption="/index@aion_bot")
        await server.wait_for_message(lambda m: m is not refusal and "Only moderators" in m.text)
        server.upload(dm, ana, "notes.md", b"mine", caption="/index")
        await server.wait_for_message(says("Learned notes.md."))
    assert set(community.files) == {"b.md", "notes.md"}


async def test_anonymous_admins_moderate_and_channels_do_not(server, community):
    anonymous = server.person("Group", is_bot=True)
    channel = {"id": -100777, "type": "channel", "title": "News"}
    group = server.group("Library")
    async with running(server, community):
        server.upload(group, anonymous, "a.md", b"A", caption="/index@aion_bot", extra={"sender_chat": group})
        await server.wait_for_message(says("Learned a.md."))
        server.upload(group, anonymous, "b.md", b"B", caption="/index@aion_bot", extra={"sender_chat": channel})
        refusal = await server.wait_for_message(says("Only moderators"))
    assert refusal.chat["id"] == group["id"]
    assert [m.person.id for m in community.heard] == [f"telegram:{group['id']}", "telegram:-100777"]


async def test_where_telegram_does_not_say_nobody_moderates(server, community):
    ana = server.person("Ana")
    group = server.group("Library", admins=[ana])
    server.private(ana)
    server.inject("getChatMember", *[Broken()] * 3)
    async with running(server, community):
        server.upload(group, ana, "a.md", b"A", caption="/index@aion_bot")
        await server.wait_for_message(says("Only moderators"))
        server.inject("getChatMember", Broken(), Dropped(applied=True))
        server.upload(group, ana, "a.md", b"A", caption="/index@aion_bot")
        await server.wait_for_message(says("Learned a.md."))


async def test_a_file_telegram_withholds_is_explained(server, community):
    ana = server.person("Ana", language="pt")
    dm = server.private(ana)
    async with running(server, community):
        server.upload(dm, ana, "huge.pdf", b"x", caption="/index", size_bytes=200 * 1024 * 1024)
        await server.wait_for_message(says("20 MB", "huge.pdf"))
        server.inject("download", *[Dropped(applied=False)] * 3)
        server.upload(dm, ana, "lost.md", b"x", caption="/index")
        await server.wait_for_message(says("lost.md", "envie de novo"))
        server.inject("download", Dropped(applied=False))
        server.upload(dm, ana, "found.md", b"x", caption="/index")
        await server.wait_for_message(says("Learned found.md"))


# --- long and awkward text --------------------------------------------------------------------------------------------


async def test_a_long_answer_with_emoji_arrives_whole_and_within_the_limit(server, community):
    words = [f"word{n}😀" for n in range(700)]
    community.answers["Long?"] = " ".join(words)
    assert len(community.answers["Long?"]) > 6000
    ana = server.person("Ana")
    async with running(server, community):
        server.say(server.private(ana), ana, "Long?")
        last = await server.wait_for_message(says(words[-1]))
    assert all(utf16(m.text) <= 4096 for m in server.shown)
    assert " ".join(m.text for m in server.shown).split() == words
    assert [bool(m.buttons) for m in server.shown] == [m is last for m in server.shown]


async def test_a_picture_comes_below_its_text(server, community):
    community.pictures = (File("map.png", b"png"),)
    ana = server.person("Ana")
    async with running(server, community):
        server.say(server.private(ana), ana, "When do you open?")
        await server.wait_for_message(says("[map.png]"))
    assert [("nine" in message.text, bool(message.buttons)) for message in server.shown] == [
        (True, True),
        (False, False),
    ]


async def test_formatting_that_telegram_refuses_is_sent_as_it_was_written(server, community):
    server.refuses_entities = True
    ana = server.person("Ana")
    async with running(server, community):
        server.say(server.private(ana), ana, "When do you open?")
        shown = await server.wait_for_message(says("At **nine**."))
    assert shown.entities == []
    assert shown.buttons


@pytest.mark.parametrize(
    "text", ["Use <name> here", "an *unclosed _mix [of ](things", "\u202eright\u200b to left", "🤖" * 2000, "x" * 9000]
)
async def test_awkward_text_loses_nothing(server, community, text):
    community.answers["Awkward?"] = text
    ana = server.person("Ana")
    async with running(server, community):
        server.say(server.private(ana), ana, "Awkward?")
        await server.wait_for_message(lambda m: bool(m.buttons))
    assert "".join(m.text for m in server.shown) == text


# --- thumbs -----------------------------------------------------------------------------------------------------------


async def test_thumbs_are_counted_changed_and_withdrawn_even_after_a_restart(server, community):
    ana, rui = server.person("Ana", language="pt-br"), server.person("Rui")
    group = server.group("Library")
    async with running(server, community):
        server.say(group, ana, "@aion_bot When do you open?")
        shown = await server.wait_for_message(lambda m: bool(m.buttons))
        server.press(shown, "👍", ana)
        assert await server.wait_for_toast(1) == "Obrigado"
    space = f"telegram:{group['id']}"
    async with running(server, community):
        server.press(shown, "👎", rui)
        assert await server.wait_for_toast(2) == "Thanks"
        assert community.thumbs == {
            (space, 1, f"telegram:{ana['id']}"): "up",
            (space, 1, f"telegram:{rui['id']}"): "down",
        }
        server.press(shown, "👍", ana)
        assert await server.wait_for_toast(3) == "Withdrawn"
    assert shown.buttons


async def test_a_press_delivered_twice_counts_once(server, community):
    ana = server.person("Ana")
    async with running(server, community):
        server.say(server.private(ana), ana, "When do you open?")
        shown = await server.wait_for_message(lambda m: bool(m.buttons))
        server.press(shown, "👍", ana)
        server.redeliver(server.updates[-1])
        await server.wait_for_toast()
        await server.wait_for_quiet()
    assert community.n_ratings == 1
    assert list(community.thumbs.values()) == ["up"]


async def test_a_press_is_confirmed_to_telegram_once_its_thumb_is_stored(server, community):
    community.rating_pause_s = 0.3
    ana = server.person("Ana")
    async with running(server, community):
        server.say(server.private(ana), ana, "When do you open?")
        shown = await server.wait_for_message(lambda m: bool(m.buttons))
        server.press(shown, "👍", ana)
        await server.wait_for_quiet()
        assert list(community.thumbs.values()) == ["up"], "a crash at this moment would lose it"


async def test_a_slow_rating_does_not_leave_the_button_spinning(server, community):
    community.rating_pause_s = 0.6
    server.callback_deadline_s = 0.5
    ana = server.person("Ana")
    async with running(server, community):
        server.say(server.private(ana), ana, "When do you open?")
        shown = await server.wait_for_message(lambda m: bool(m.buttons))
        server.press(shown, "👍", ana)
        assert await server.wait_for_toast() == ""
    assert list(community.thumbs.values()) == ["up"]


async def test_a_button_nobody_knows_says_so(server, community):
    ana = server.person("Ana", language="pt")
    async with running(server, community):
        server.say(server.private(ana), ana, "When do you open?")
        shown = await server.wait_for_message(lambda m: bool(m.buttons))
        server.press(shown, "old:format:1", ana)
        assert "mensagem antiga" in await server.wait_for_toast()
    assert community.n_ratings == 0


# --- side by side -----------------------------------------------------------------------------------------------------


async def test_a_slow_answer_blocks_nobody(server, community):
    community.slow = asyncio.Event()
    ana, rui = server.person("Ana"), server.person("Rui")
    group, dm = server.group("Library"), server.private(rui)
    async with running(server, community):
        server.say(group, ana, "@aion_bot a slow question")
        server.say(group, rui, "/ask@aion_bot quick")
        await server.wait_for_message(says("/ask {'question': 'quick'}"))
        server.say(dm, rui, "When do you open?")
        await server.wait_for_message(says("nine"))
        community.slow.set()
        await server.wait_for_message(says("I don't know."))


async def test_a_busy_group_stays_within_its_budget_and_every_answer_arrives(server, community):
    community.pause_s = 0.05
    people = [server.person(f"Member{n}") for n in range(9)]
    group = server.group("Library")
    for n, _ in enumerate(people):
        community.answers[f"Question {n}?"] = " ".join(f"word{n}" for _ in range(20)) + " end"
    async with running(server, community):
        for n, person in enumerate(people):
            server.say(group, person, f"@aion_bot Question {n}?")
        for n, _ in enumerate(people):
            await server.wait_for_message(says(f"word{n}", "end"))
    n_calls = len([call for call in server.calls if call.params.get("chat_id") == str(group["id"])])
    assert n_calls <= 20
    assert len(server.shown) == len(people)


async def test_an_answer_being_written_is_finished_on_the_way_out(server, community):
    community.pause_s = 0.1
    ana = server.person("Ana")
    async with running(server, community):
        server.say(server.private(ana), ana, "When do you open?")
        await server.wait_for_message(lambda m: True)
    assert [m.text for m in server.shown if m.buttons and "Handbook" in m.text]
    async with running(server, community):
        await server.wait_for_call("getUpdates", len(server.of("getUpdates")) + 2)
    assert len(community.heard) == 1


async def test_slow_answers_of_telegram_are_waited_for(server, community):
    ana = server.person("Ana")
    server.inject("sendMessage", Slow(0.5))
    async with running(server, community):
        server.say(server.private(ana), ana, "When do you open?")
        await server.wait_for_message(lambda m: bool(m.buttons))
    assert len(server.shown) == 1
