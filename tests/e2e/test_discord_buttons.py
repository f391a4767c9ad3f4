"""Buttons under Discord messages: a press is a command of whoever pressed it, at that moment, once."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from discord_front import ScriptedFront, running
from discord_server import DiscordServer
from discord_things import Channel, Guild, User

from core.chat.notices import AION
from core.commands import Command, Context, Parameter
from core.types import Button, Message, Reply, SpaceId
from core.types.delivery import UnfinishedMessage

WORDS = {"en": "A word", "pt": "Uma palavra"}


async def unused(context: Context) -> None:
    raise AssertionError("the test's core carries out its commands itself")


@dataclass
class Club:
    discord: DiscordServer
    guild: Guild
    channel: Channel
    ana: User
    eva: User


def posts(discord: DiscordServer) -> list[object]:
    return [call for call in discord.calls if call.method == "POST" and call.path.endswith("/messages")]


@pytest.fixture
async def club():
    async with DiscordServer() as discord:
        ana, eva = discord.person("Ana"), discord.person("Eva")
        guild = discord.guild("Club", moderators=[ana])
        yield Club(discord, guild, discord.channel(guild, "general"), ana, eva)


@pytest.fixture
def front():
    """Return a core whose every reply carries a public, a private and a moderators' button, and one of the past."""
    front = ScriptedFront()
    number = Parameter("number", WORDS, required=False)
    front.registry.add(Command("once_more", WORDS, unused, (number,), listed=False))
    front.registry.add(Command("whisper", WORDS, unused, (number,), private=True, listed=False))
    front.registry.add(Command("decide", WORDS, unused, (number,), permission="moderator", listed=False))
    names = ("once_more", "whisper", "decide", "gone")

    async def script(message, outlet):
        if message.command == "decide":
            await outlet.send(Reply("Decided.", "en", settles=True))
        elif message.command is not None:
            await outlet.send(Reply(f"/{message.command} {dict(message.arguments)}", "en"))
        else:
            buttons = tuple(Button(name, name, "12 of three: words") for name in names)
            await outlet.send(Reply("Choose.", "en", answer_id=7, buttons=buttons))

    front.script = script
    return front


@pytest.fixture
async def card(club, front, tmp_path):
    """Return the message with the buttons, as an earlier process left it; a new one is running now."""
    async with running(front, club.discord, tmp_path):
        club.discord.say(club.channel, club.eva, "What now?", mentions_bot=True)
        shown = await club.discord.wait_for_message()
    async with running(front, club.discord, tmp_path):
        yield shown


async def test_a_press_calls_its_command_after_a_restart_too(club, front, card):
    assert card.buttons["once_more"] == "aion:do:once_more:12 of three: words"
    assert [len(row["components"]) for row in card.components] == [5, 2]
    press = club.discord.press(card, "once_more", club.eva, locale="pt-BR")
    reply = await club.discord.wait_for_reply(press)
    assert reply.content == "/once_more {'number': '12 of three: words'}"
    assert not reply.is_private
    called = front.handled[-1]
    assert (called.command, called.locale, called.person.name) == ("once_more", "pt-BR", "Eva")
    assert (called.space, called.conversation) == (f"discord:{club.guild.id}", str(club.channel.id))
    assert card.buttons, "what is not settled keeps its buttons"


async def test_what_is_private_is_shown_to_whoever_pressed_alone(club, card):
    reply = await club.discord.wait_for_reply(club.discord.press(card, "whisper", club.eva))
    assert reply.is_private


async def test_a_press_delivered_twice_is_one_command(club, front, card):
    press = club.discord.press(card, "once_more", club.eva)
    club.discord.redeliver()
    await club.discord.wait_for_reply(press)
    await club.discord.wait_for_reply(club.discord.press(card, "whisper", club.eva))
    assert [message.command for message in front.handled].count("once_more") == 1


async def test_who_may_press_is_decided_at_the_press_and_a_settled_card_loses_its_buttons(club, front, card):
    refused = await club.discord.wait_for_reply(club.discord.press(card, "decide", club.eva))
    assert refused.is_private
    assert "moderators" in refused.content
    roles = club.guild.members[club.ana]
    club.guild.members[club.ana] = []  # her role is gone a second ago; the button is still on her screen
    refused = await club.discord.wait_for_reply(club.discord.press(card, "decide", club.ana))
    assert "moderators" in refused.content
    assert card.buttons
    club.guild.members[club.ana] = roles
    decided = await club.discord.wait_for_reply(club.discord.press(card, "decide", club.ana))
    assert (decided.content, decided.is_private) == ("Decided.", False)
    await club.discord.wait_until(lambda: not card.buttons)
    assert card.content == "Choose."


@pytest.mark.parametrize("button", ["gone", "aion:of:another:age"])
async def test_a_button_nobody_knows_says_so(club, front, card, button):
    if button not in card.buttons:
        card.components[0]["components"][4] |= {"custom_id": button, "label": button}
    reply = await club.discord.wait_for_reply(club.discord.press(card, button, club.eva, locale="pt-BR"))
    assert reply.is_private
    assert "mensagem antiga" in reply.content
    assert len(front.handled) == 1


async def test_a_notice_is_said_in_its_channel_and_answers_nobody(club, front, tmp_path):
    space, key = SpaceId(f"discord:{club.guild.id}"), "notice:review:12"
    notice = Message(key, "discord", space, str(club.channel.id), AION, "", address={"notice": key})
    reply = Reply("A page waits.", "en", buttons=(Button("Decide", "decide", "12"),))
    front.inbox.left.append(UnfinishedMessage(notice, reply, (), had_files=False, n_runs=0))
    async with running(front, club.discord, tmp_path):
        card = await club.discord.wait_for_message()
        assert (card.content, card.channel, card.reference) == ("A page waits.", club.channel, None)
        assert card.buttons == {"Decide": "aion:do:decide:12"}
        decided = await club.discord.wait_for_reply(club.discord.press(card, "Decide", club.ana))
        assert decided.content == "Decided."
        await club.discord.wait_until(lambda: not card.buttons)
    assert not await front.inbox.unfinished("discord")


async def test_a_notice_that_may_have_been_sent_is_recognised_by_its_nonce(club, front, tmp_path):
    space = SpaceId(f"discord:{club.guild.id}")
    notice = Message("notice:x", "discord", space, str(club.channel.id), AION, "", address={"notice": "x"})
    for n in (1, 2):  # the second process does not know what became of the first one's
        front.inbox.left.append(UnfinishedMessage(notice, Reply("Once.", "en"), (), had_files=False, n_runs=0))
        async with running(front, club.discord, tmp_path):
            await club.discord.wait_until(lambda n=n: len(posts(club.discord)) == n)
    assert [message.content for message in club.discord.shown] == ["Once."]


async def test_a_late_answer_refers_to_the_question_and_pings_who_asked(club, front, tmp_path):
    space = SpaceId(f"discord:{club.guild.id}")
    asked = club.discord.say(club.channel, club.eva, "Is there parking?")
    for key, about in (("1", {"asked": str(asked.id)}), ("2", {"asked": ""})):
        address = {"notice": key, "asker": str(club.eva.id), **about}
        notice = Message(f"notice:{key}", "discord", space, str(club.channel.id), AION, "", address=address)
        front.inbox.left.append(UnfinishedMessage(notice, Reply(f"Yes {key}. @everyone", "en"), (), False, n_runs=0))
    async with running(front, club.discord, tmp_path):
        referring = await club.discord.wait_for_message(lambda m: "Yes 1" in m.content)
        naming = await club.discord.wait_for_message(lambda m: "Yes 2" in m.content)
    assert (referring.reference, naming.reference) == (asked, None)
    assert referring.allowed_mentions["replied_user"]
    assert naming.content == f"{club.eva.mention} Yes 2. @everyone"
    assert naming.allowed_mentions["users"] == [club.eva.id]
    assert not any(message.pings_everyone for message in (referring, naming))
