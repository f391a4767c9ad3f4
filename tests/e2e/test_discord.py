"""The real discord.py against a small Discord: what people do and what they see."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from itertools import pairwise

import pytest
from discord_front import ScriptedFront, running
from discord_server import DiscordServer
from discord_things import Channel, Guild, Message, User

from core.commands import Command, Context, Parameter
from core.errors import BadInput
from core.types import File, Reply, Source


@dataclass
class Library:
    """One server with a moderator (Ana), somebody with the role Teacher (Rui) and somebody with neither (Eva)."""

    discord: DiscordServer
    guild: Guild
    channel: Channel
    ana: User
    rui: User
    eva: User


@pytest.fixture
async def library():
    async with DiscordServer() as discord:
        ana, rui, eva = discord.person("Ana"), discord.person("Rui"), discord.person("Eva")
        guild = discord.guild("Library", moderators=[ana], roles={"Teacher": [rui], "Reader": [eva]})
        yield Library(discord, guild, discord.channel(guild, "general"), ana, rui, eva)


@pytest.fixture
def front():
    return ScriptedFront()


@pytest.fixture
async def bot(library, front, tmp_path):
    async with running(front, library.discord, tmp_path) as task:
        yield task


async def quiet(discord: DiscordServer) -> list[Message]:
    """Return what the bot shows after everything so far has had its time."""
    await asyncio.sleep(0.3)
    return discord.shown


# --- when it speaks --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("bot")
async def test_a_mention_is_answered_under_the_question_with_thumbs(library, front):
    question = library.discord.say(library.channel, library.eva, "When do you open?", mentions_bot=True)
    answer = await library.discord.wait_for_message()
    assert answer.content == "You said: When do you open?"
    assert answer.reference is question
    assert answer.buttons == {"👍": "aion:thumb:up:7", "👎": "aion:thumb:down:7", "🧵": "aion:thread"}
    (message,) = front.handled
    assert message.key == f"discord:{question.id}"
    assert message.space == f"discord:{library.guild.id}"
    assert message.conversation == str(library.channel.id)
    assert (message.person.id, message.person.name) == (f"discord:{library.eva.id}", "Eva")


@pytest.mark.usefixtures("bot")
async def test_others_are_named_in_what_the_core_reads(library, front):
    text = f"what did {library.rui.mention} say?"
    library.discord.say(library.channel, library.eva, text, mentions_bot=True, mentions=[library.rui])
    await library.discord.wait_for_message()
    assert front.handled[0].text == "what did @Rui say?"


@pytest.mark.usefixtures("bot")
async def test_a_reply_to_its_answer_needs_no_mention(library, front):
    library.discord.say(library.channel, library.eva, "first", mentions_bot=True)
    answer = await library.discord.wait_for_message()
    library.discord.say(library.channel, library.eva, "and on Sundays?", reply_to=answer)
    await library.discord.wait_for_message(lambda m: "Sundays" in m.content)
    assert [message.text for message in front.handled] == ["first", "and on Sundays?"]


@pytest.mark.usefixtures("bot")
async def test_a_direct_message_is_a_space_of_its_own_moderated_by_nobody(library, front):
    library.discord.say(library.discord.dm(library.ana), library.ana, "hello")
    answer = await library.discord.wait_for_message()
    assert set(answer.buttons) == {"👍", "👎"}, "direct messages have no threads"
    assert front.handled[0].space == f"discord:dm:{library.ana.id}"
    assert not front.handled[0].person.is_moderator


@pytest.mark.usefixtures("bot")
async def test_its_own_thread_is_followed_and_others_are_not(library, front):
    own = library.discord.thread(library.channel, library.discord.bot)
    other = library.discord.thread(library.channel, library.ana)
    library.discord.say(own, library.eva, "no mention needed")
    library.discord.say(own, library.eva, "not for you", mentions=[library.ana])
    library.discord.say(other, library.eva, "nor this")
    await library.discord.wait_for_message()
    assert len(await quiet(library.discord)) == 1
    assert [(message.text, message.conversation) for message in front.handled] == [("no mention needed", str(own.id))]
    assert front.handled[0].branched_from == str(library.channel.id)


@pytest.mark.usefixtures("bot")
async def test_a_forum_post_is_a_conversation_of_its_own(library, front):
    forum = library.discord.forum(library.guild, "questions")
    post, other = (library.discord.thread(forum, library.eva, name) for name in ("Hours?", "Fees?"))
    library.discord.say(post, library.eva, "When do you open?", mentions_bot=True)
    answer = await library.discord.wait_for_message(lambda m: m.channel is post)
    assert set(answer.buttons) == {"👍", "👎"}, "a thread has no threads"
    library.discord.say(post, library.rui, "Eva, try the website", mentions=[library.eva])
    library.discord.say(other, library.eva, "And the fees?", mentions_bot=True)
    await library.discord.wait_for_message(lambda m: m.channel is other)
    assert [message.conversation for message in front.handled] == [str(post.id), str(other.id)]
    assert {message.branched_from for message in front.handled} == {str(forum.id)}


@pytest.mark.usefixtures("bot")
async def test_chatter_bots_and_itself_are_ignored(library, front):
    other_bot = library.discord.person("Beep", bot=True)
    somebody = library.discord.say(library.channel, library.ana, "just chatting")
    library.discord.say(library.channel, library.eva, "answering Ana", reply_to=somebody)
    library.discord.say(library.channel, other_bot, "hello bot", mentions_bot=True)
    library.discord.say(library.channel, library.discord.bot, "talking to myself", mentions_bot=True)
    library.discord.say(library.discord.dm(other_bot), other_bot, "psst")
    await quiet(library.discord)
    assert front.handled == []


@pytest.mark.usefixtures("bot")
async def test_files_come_with_a_message_and_are_read_on_demand(library, front):
    contents = []

    async def read(message, outlet):
        contents.extend([(file.name, file.size_bytes, await file.read()) for file in message.attachments])
        await outlet.send(Reply("read", "en"))

    front.script = read
    library.discord.say(library.channel, library.ana, "here", mentions_bot=True, files={"a b.md": b"alpha"})
    await library.discord.wait_for_message()
    assert contents == [("a b.md", 5, b"alpha")]


# --- what it shows ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("bot")
async def test_an_answer_of_6000_characters_arrives_whole(library, front):
    text = "\n\n".join(f"Paragraph {n}: " + "many words in a row " * 20 for n in range(15)).strip()
    assert len(text) > 6000

    async def long(message, outlet):
        await outlet.send(Reply(text, "en", answer_id=7))

    front.script = long
    library.discord.say(library.channel, library.eva, "tell me everything", mentions_bot=True)
    await library.discord.wait_for_message(lambda m: m.buttons)
    parts = library.discord.shown
    assert "".join("".join(part.content.split()) for part in parts) == "".join(text.split())
    assert [bool(part.buttons) for part in parts] == [False] * (len(parts) - 1) + [True]
    assert [part.reference is not None for part in parts] == [True] + [False] * (len(parts) - 1)


@pytest.mark.usefixtures("bot")
async def test_streamed_text_appears_early_and_is_edited_no_faster_than_once_a_second(library, front):
    async def stream(message, outlet):
        for n in range(24):
            await outlet.partial("word " * (n + 1))
            await asyncio.sleep(0.1)
        await outlet.send(Reply("word " * 24 + "end", "en", answer_id=7))

    front.script = stream
    library.discord.say(library.channel, library.eva, "slowly", mentions_bot=True)
    early = await library.discord.wait_for_message()
    assert early.content == "word"
    assert [channel for _, channel in library.discord.typing] == [library.channel.id]
    answer = await library.discord.wait_for_message(lambda m: m.content.endswith("end"))
    assert answer is early
    assert len(answer.written_at) == 4
    assert all(later - earlier >= 0.99 for earlier, later in pairwise(answer.written_at))


@pytest.mark.usefixtures("bot")
async def test_sources_are_listed_and_addresses_do_not_unfold(library, front):
    async def cited(message, outlet):
        sources = (Source(1, "https://example.org/hours", "Hours", "nine", 1), Source(2, "faq.md", "", "nine", 2))
        await outlet.send(Reply("At nine [1][2].", "pt", 7, sources))

    front.script = cited
    library.discord.say(library.channel, library.eva, "quando?", mentions_bot=True)
    answer = await library.discord.wait_for_message()
    assert answer.content.endswith("\n\n📖 [1] <https://example.org/hours> › Hours\n📖 [2] faq.md")
    assert answer.flags & 4, "embeds are suppressed"


@pytest.mark.usefixtures("bot")
async def test_nothing_it_says_pings_everyone(library, front):
    async def shout(message, outlet):
        await outlet.partial("@everyone")
        await asyncio.sleep(0.05)
        await outlet.send(Reply("@everyone @here " + "and more words " * 150, "en", answer_id=7))

    front.script = shout
    library.discord.say(library.channel, library.eva, "shout", mentions_bot=True)
    await library.discord.wait_for_message(lambda m: m.buttons)
    call = library.discord.slash("ask", library.eva, library.channel, question="shout")
    await library.discord.wait_until(lambda: len(library.discord.shown) == 4 and library.discord.shown[3].buttons)
    assert call.messages == library.discord.shown[2:3]
    assert any("@everyone" in message.content for message in library.discord.shown)
    for message in library.discord.shown:
        assert message.allowed_mentions == {"parse": []}
        assert not message.pings_everyone


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("asked", ["mention", "slash"])
async def test_a_picture_comes_below_its_text(library, front, asked):
    async def draw(message, outlet):
        await outlet.send(Reply("Here it is.", "en", files=(File("map.png", b"png" * 9),)))

    front.script = draw
    if asked == "mention":
        library.discord.say(library.channel, library.eva, "draw", mentions_bot=True)
    else:
        library.discord.slash("map", library.eva, library.channel)
    await library.discord.wait_until(
        lambda: len(library.discord.shown) == 2 and not library.discord.shown[0].is_thinking
    )
    text, picture = library.discord.shown
    assert (text.content, text.attachments, picture.content) == ("Here it is.", [], "")
    assert [(each["filename"], each["size"]) for each in picture.attachments] == [("map.png", 27)]


@pytest.mark.usefixtures("bot")
async def test_one_slow_answer_delays_nobody(library, front):
    release = asyncio.Event()

    async def slow(message, outlet):
        if "slow" in message.text:
            await release.wait()
        await outlet.send(Reply(f"done: {message.text}", "en"))

    front.script = slow
    library.discord.say(library.channel, library.eva, "slow", mentions_bot=True)
    library.discord.say(library.channel, library.rui, "quick", mentions_bot=True)
    await library.discord.wait_for_message(lambda m: m.content == "done: quick")
    assert len(library.discord.shown) == 1
    release.set()
    await library.discord.wait_for_message(lambda m: m.content == "done: slow")


# --- commands --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("bot")
async def test_commands_are_declared_with_types_and_in_portuguese(library):
    declared = {(command["type"], command["name"]): command for command in library.discord.commands}
    assert {name for kind, name in declared if kind == 1} >= {"ask", "index", "learn", "docs", "help"}
    ask = declared[1, "ask"]
    assert ask["description_localizations"] == {"pt-BR": "Pergunte o que a comunidade sabe"}
    (question,) = ask["options"]
    assert (question["type"], question["required"]) == (3, True)
    assert question["description_localizations"] == {"pt-BR": "Sua pergunta"}
    files = declared[1, "index"]["options"]
    *files, audience = files
    assert [(option["type"], bool(option["required"])) for option in files] == [(11, True)] + [(11, False)] * 4
    assert (audience["name"], audience["type"], audience["required"]) == ("audience", 3, False)
    assert declared[1, "index"]["default_member_permissions"] == 1 << 5
    assert declared[1, "ask"]["default_member_permissions"] is None
    assert declared[3, "Teach AION this message"]["name_localizations"] == {"pt-BR": "Ensinar esta mensagem à AION"}
    assert declared[3, "Ask AION about this"]["name_localizations"] == {"pt-BR": "Perguntar à AION sobre isto"}


@pytest.mark.usefixtures("bot")
async def test_what_may_be_meant_is_offered_while_one_types_to_those_who_may_call(library):
    typing = library.discord.type_option("forget", library.ana, library.channel, "document", "guide")
    offered = await library.discord.wait_until(lambda: typing.choices)
    assert len(offered) == 25
    assert offered[3]["name"].startswith("document guide 3 long")
    assert offered[3]["value"] == "3"
    refused = library.discord.type_option("forget", library.eva, library.channel, "document", "guide")
    await library.discord.wait_until(lambda: refused.choices is not None)
    assert refused.choices == []
    declared = {command["name"]: command for command in library.discord.commands}
    (mode,) = declared["channel"]["options"]
    assert [choice["value"] for choice in mode["choices"]] == ["free", "mention", "moderators"]
    number, text = declared["reply"]["options"]
    assert (number["type"], number["min_value"], text["type"]) == (4, 0, 3)
    assert "again" not in declared, "what only buttons call is in no menu"


@pytest.mark.usefixtures("bot")
async def test_slash_ask_is_acknowledged_at_once_and_answered_in_place(library, front):
    release = asyncio.Event()

    async def think(message, outlet):
        await release.wait()
        await outlet.send(Reply("At nine.", "en", answer_id=7))

    front.script = think
    call = library.discord.slash("ask", library.eva, library.channel, locale="pt-BR", question="When?")
    await library.discord.wait_until(lambda: call.acknowledged == 5)
    assert call.original.is_thinking
    release.set()
    answer = await library.discord.wait_for_reply(call)
    assert (answer.content, answer.is_private) == ("At nine.", False)
    assert set(answer.buttons) == {"👍", "👎", "🧵"}
    (message,) = front.handled
    assert (message.key, message.command) == (f"discord:interaction:{call.id}", "ask")
    assert (message.arguments, message.locale) == ({"question": "When?"}, "pt-BR")


@pytest.mark.usefixtures("bot")
async def test_slash_index_hands_over_every_attachment(library, front):
    contents = {}

    async def index(message, outlet):
        for file in message.attachments:
            await outlet.progress(f"Reading {file.name}")
            contents[file.name] = await file.read()
        await outlet.send(Reply(f"Stored {len(contents)}.", "en"))

    front.script = index
    files = {"file": ("a.md", b"alpha"), "file_2": ("b.pdf", b"%PDF")}
    call = library.discord.slash("index", library.ana, library.channel, **files)
    await library.discord.wait_until(lambda: call.original and call.original.content == "Stored 2.")
    assert contents == {"a.md": b"alpha", "b.pdf": b"%PDF"}


@pytest.mark.usefixtures("bot")
async def test_a_file_that_discord_does_not_hand_out_is_one_sentence(library, front):
    async def index(message, outlet):
        await message.attachments[0].read()

    front.script = index
    call = library.discord.slash("index", library.ana, library.channel, file=("a.md", b"alpha"))
    library.discord.forget_files()
    reply = await library.discord.wait_for_reply(call)
    assert "could not download a.md" in reply.content


@pytest.mark.usefixtures("bot")
async def test_learn_docs_and_help_reach_the_core_and_private_ones_stay_private(library, front):
    learn = library.discord.slash("learn", library.ana, library.channel, what="https://example.org")
    docs = library.discord.slash("docs", library.eva, library.channel)
    helped = library.discord.slash("help", library.eva, library.discord.dm(library.eva))
    replies = [await library.discord.wait_for_reply(call) for call in (learn, docs, helped)]
    assert [reply.is_private for reply in replies] == [False, True, True]
    handled = {message.command: message for message in front.handled}
    assert handled["learn"].arguments == {"what": "https://example.org"}
    assert handled["help"].space == f"discord:dm:{library.eva.id}"


@pytest.mark.parametrize("role", ["Teacher", "by id", None])
async def test_who_may_teach_is_decided_by_permission_or_role_at_the_time_of_the_call(library, front, tmp_path, role):
    discord, guild = library.discord, library.guild
    if role == "by id":
        role = next(str(each.id) for each in guild.roles if each.name == "Teacher")
    async with running(front, discord, tmp_path, moderator_role=role):
        hidden = {command["name"]: command["default_member_permissions"] for command in discord.commands}["learn"]
        assert hidden == (None if role else 1 << 5), "a role's holders must see what they may call"
        for user in (library.ana, library.rui, library.eva):
            await discord.wait_for_reply(discord.slash("learn", user, library.channel, what="https://e.org"))
        guild.members[library.rui].clear()
        call = discord.slash("learn", library.rui, library.channel, what="https://e.org")
        refusal = await discord.wait_for_reply(call)
    assert [message.person.is_moderator for message in front.handled] == [True, role is not None, False, False]
    assert refusal.is_private
    assert len([message for message in discord.shown if not message.is_private]) == (2 if role else 1)


@pytest.mark.usefixtures("bot")
async def test_a_mention_by_a_moderator_is_recognised_as_one(library, front):
    for user in (library.ana, library.eva):
        library.discord.say(library.channel, user, "hello", mentions_bot=True)
    await library.discord.wait_until(lambda: len(library.discord.shown) == 2)
    assert {message.person.name: message.person.is_moderator for message in front.handled} == {
        "Ana": True,
        "Eva": False,
    }


@pytest.mark.usefixtures("bot")
async def test_a_private_refusal_of_a_public_command_leaves_nothing_in_public(library, front):
    async def refuse(message, outlet):
        if "later" in message.text:
            await outlet.progress("Looking")
            await asyncio.sleep(0.05)
        raise BadInput("question.empty")

    front.script = refuse
    for question in ("now", "later"):
        call = library.discord.slash("ask", library.eva, library.channel, question=question)
        await library.discord.wait_until(lambda call=call: any(m.is_private for m in call.messages))
    assert all(message.is_private for message in library.discord.shown)
    assert len(library.discord.shown) == 2


@pytest.mark.usefixtures("bot")
async def test_a_moderator_teaches_a_message_from_its_menu(library, front):
    taught = []

    async def teach(message, outlet):
        taught.append(
            (message.command, message.quoted, [(file.name, await file.read()) for file in message.attachments])
        )
        await outlet.send(Reply("Stored.", "en"))

    front.script = teach
    said = library.discord.say(library.channel, library.eva, "The key is under the mat.", files={"map.md": b"map"})
    refused = library.discord.menu("Teach AION this message", said, library.eva)
    assert (await library.discord.wait_for_reply(refused)).is_private
    call = library.discord.menu("Teach AION this message", said, library.ana)
    assert (await library.discord.wait_for_reply(call)).content == "Stored."
    [(command, (post,), files)] = taught
    assert command == "teach"
    assert (post.author.id, post.text) == (f"discord:{library.eva.id}", "The key is under the mat.")
    assert post.url.endswith(f"/{library.channel.id}/{said.id}")
    assert files == [("map.md", b"map")]


@pytest.mark.usefixtures("bot")
async def test_anyone_asks_about_a_message_from_its_menu_as_oneself(library, front):
    said = library.discord.say(library.channel, library.eva, "When is the cellar open?")
    reply = await library.discord.wait_for_reply(library.discord.menu("Ask AION about this", said, library.rui))
    assert not reply.is_private
    [call] = front.handled
    assert (call.command, dict(call.arguments)) == ("ask", {"question": "When is the cellar open?"})
    assert call.person.id == f"discord:{library.rui.id}"
    wordless = library.discord.say(library.channel, library.eva, "", files={"map.png": b"map"})
    await library.discord.wait_for_reply(library.discord.menu("Ask AION about this", wordless, library.rui))
    assert dict(front.handled[-1].arguments) == {}


@pytest.mark.usefixtures("bot")
async def test_a_command_discord_still_shows_but_aion_no_longer_has_is_explained(library):
    stale = {"id": "1", "name": "gone", "type": 1, "options": []}
    library.discord.commands.append(stale)
    reply = await library.discord.wait_for_reply(library.discord.slash("gone", library.eva, library.channel))
    assert reply.is_private
    assert "Reload Discord" in reply.content


async def logged(caplog, text):
    """Wait until the log holds a text, which is forgotten then."""
    async with asyncio.timeout(20):
        while text not in caplog.text:  # noqa: ASYNC110 (the log tells nobody)
            await asyncio.sleep(0.01)
    caplog.clear()


async def test_commands_are_sent_only_when_they_change(library, tmp_path, caplog):
    async def handler(context: Context) -> None: ...

    caplog.set_level("INFO")
    for outcome in ("sent", "unchanged"):
        async with running(ScriptedFront(), library.discord, tmp_path):
            await logged(caplog, f"commands {outcome}")
    assert library.discord.n_syncs == 1
    changed = ScriptedFront()
    changed.registry.add(Command("later", {"en": "Later", "pt": "Depois"}, handler))
    async with running(changed, library.discord, tmp_path):
        await logged(caplog, "commands sent")
        assert library.discord.n_syncs == 2
        assert "later" in {command["name"] for command in library.discord.commands}
        changed.registry.remove("later")
        changed.registry.tell_followers()  # as a plugin that is read anew does
        await logged(caplog, "commands sent")
    assert "later" not in {command["name"] for command in library.discord.commands}


async def test_a_lost_memory_of_the_commands_costs_one_sync(library, front, tmp_path, caplog):
    caplog.set_level("INFO")
    (tmp_path / "discord_commands.json").write_text("not json")
    async with running(front, library.discord, tmp_path):
        await logged(caplog, "commands sent")
    assert library.discord.n_syncs == 1
    assert json.loads((tmp_path / "discord_commands.json").read_text()).keys() == {str(library.discord.bot.id)}


async def test_a_plugin_with_a_long_description_does_not_cost_the_commands(library, front, tmp_path):
    async def handler(context: Context) -> None: ...

    words = {"en": "word " * 60, "pt": "palavra " * 60}
    optional = Parameter("page", words, required=False)
    front.registry.add(Command("wordy", words, handler, (optional, Parameter("term", words))))
    async with running(front, library.discord, tmp_path):
        await library.discord.wait_for_reply(
            library.discord.slash("wordy", library.eva, library.channel, term="a term")
        )
    assert front.handled[0].arguments == {"term": "a term"}


# --- buttons ---------------------------------------------------------------------------------------------------------


async def test_thumbs_work_after_a_restart_and_thank_only_whoever_pressed(library, front, tmp_path):
    async with running(front, library.discord, tmp_path):
        library.discord.say(library.channel, library.eva, "When?", mentions_bot=True)
        answer = await library.discord.wait_for_message()
    async with running(front, library.discord, tmp_path):
        for button, user in (("👍", library.eva), ("👎", library.eva), ("👎", library.eva), ("👍", library.rui)):
            press = library.discord.press(answer, button, user, locale="pt-BR")
            thanks = await library.discord.wait_for_reply(press)
            assert thanks.is_private
            assert thanks.content.startswith("Noted: ")
    space, eva, rui = f"discord:{library.guild.id}", f"discord:{library.eva.id}", f"discord:{library.rui.id}"
    assert front.rated == [
        (space, 7, eva, "up", "pt-BR"),
        (space, 7, eva, "down", "pt-BR"),
        (space, 7, eva, "down", "pt-BR"),
        (space, 7, rui, "up", "pt-BR"),
    ]
    assert set(answer.buttons) == {"👍", "👎", "🧵"}, "the answer itself is left alone"


@pytest.mark.usefixtures("bot")
async def test_a_press_delivered_twice_counts_once(library, front):
    library.discord.say(library.channel, library.eva, "When?", mentions_bot=True)
    answer = await library.discord.wait_for_message()
    press = library.discord.press(answer, "👍", library.eva)
    library.discord.redeliver()
    await library.discord.wait_for_reply(press)
    await quiet(library.discord)
    assert len(front.rated) == 1


@pytest.mark.usefixtures("bot")
async def test_a_press_is_acknowledged_once_its_thumb_is_stored(library, front):
    library.discord.say(library.channel, library.eva, "When?", mentions_bot=True)
    answer = await library.discord.wait_for_message()
    press = library.discord.press(answer, "👍", library.eva)
    await library.discord.wait_until(lambda: press.acknowledged)
    assert len(front.rated) == 1, "a crash at this moment would lose it"


@pytest.mark.usefixtures("bot")
async def test_a_thread_opens_on_an_answer_and_is_followed(library, front):
    library.discord.say(library.channel, library.eva, "When do you open? " + "x" * 200, mentions_bot=True)
    answer = await library.discord.wait_for_message()
    where = await library.discord.wait_for_reply(library.discord.press(answer, "🧵", library.eva))
    thread = library.discord.channels[answer.id]
    assert where.is_private
    assert f"<#{thread.id}>" in where.content
    assert len(thread.name) <= 100
    again = await library.discord.wait_for_reply(library.discord.press(answer, "🧵", library.rui))
    assert f"<#{thread.id}>" in again.content
    library.discord.say(thread, library.eva, "and on Sundays?")
    await library.discord.wait_for_message(lambda m: m.channel is thread)
    assert front.handled[-1].conversation == str(thread.id)
