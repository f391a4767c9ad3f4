"""Watched channels: on Discord read from their beginning, on Telegram from then on; what is solved is proposed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from discord_faults import Failed
from discord_server import DiscordServer
from discord_things import Channel, User

from bot.adapters.discord.history import channel_history
from core.types import Scope, SpaceId
from tests.e2e.real_core import on_discord, on_telegram
from tests.e2e.telegram_community import says
from tests.e2e.telegram_server import TelegramServer

GATE = "How do I open the gate of the yard at night?"
CODE = "Type 47 on the panel by the wall and press the star."
SHED = "Spare key of the shed"
HOOK = "The spare key hangs on the hook behind the blue door of the kitchen."
DAY_S = 86_400.0
N_THREADS = 103
"""More than a page of archived ones."""


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_history, "PAUSE_S", 0.0)
    monkeypatch.setattr(channel_history, "BACK_OFF_S", (0.0, 0.0))


def solve(discord: DiscordServer, channel: Channel, eva: User, rui: User, *, ago_s: float) -> None:
    """Ask and answer in a channel, between some small talk."""
    discord.say(channel, rui, "Nice weather today, everybody.", ago_s=ago_s + 9_000)
    asked = discord.say(channel, eva, GATE, ago_s=ago_s + 90)
    answered = discord.say(channel, rui, CODE, reply_to=asked, ago_s=ago_s + 60)
    discord.say(channel, eva, "thanks, that worked", reply_to=answered, ago_s=ago_s)


@pytest.mark.slow
async def test_on_discord_a_channel_and_a_forum_are_read_from_their_beginning(tmp_path: Path) -> None:
    async with DiscordServer() as discord:
        ana, eva, rui = discord.person("Ana"), discord.person("Eva"), discord.person("Rui")
        guild = discord.guild("Club", moderators=[ana])
        general, staff, forum = (
            discord.channel(guild, "general"),
            discord.channel(guild, "staff"),
            discord.forum(guild, "help"),
        )
        guild.members |= {eva: [], rui: []}
        for n in range(130):
            discord.say(general, rui, f"Small talk number {n}.", ago_s=20 * DAY_S - 60 * n)
        solve(discord, general, eva, rui, ago_s=DAY_S)
        for n in range(N_THREADS):
            discord.thread(forum, eva, f"idle chat {n}", ago_s=9 * DAY_S + 60 * n, is_archived=True)
        solved = discord.thread(forum, eva, SHED, ago_s=30 * DAY_S, is_archived=True)
        solved.is_solved = True
        first = discord.say(solved, eva, "Nobody can tell me where it is kept.", ago_s=30 * DAY_S)
        first.id = solved.id
        discord.messages[first.id] = discord.messages.pop(next(k for k, m in discord.messages.items() if m is first))
        discord.say(solved, rui, HOOK, ago_s=29 * DAY_S)
        space = SpaceId(f"discord:{guild.id}")
        async with on_discord(discord, tmp_path) as aion:
            await discord.wait_for_reply(discord.slash("channel", ana, staff, mode="moderators"))
            for person in (eva, rui):
                await discord.wait_for_reply(discord.slash("consent", person, general, decision="yes"))
            discord.inject(f"GET /channels/{general.id}/messages", Failed(503))
            told = await discord.wait_for_reply(discord.slash("watch", ana, staff, channel=general))
            assert "Watching" in told.content
            notice = await discord.wait_for_message(lambda m: m.channel is general and "let me learn" in m.content)
            assert set(notice.buttons) == {"Yes", "No"}
            card = await discord.wait_for_message(lambda m: m.channel is staff and "1 text learned" in m.content, 60)
            discord.press(card, "Approve all 1", ana)
            await discord.wait_for_message(lambda m: "approved #1" in m.content, 60)
            [document] = await aion.documents.list(space)
            assert await aion.documents.text(space, document.id) == f"# {GATE}\n\n{CODE}\n"
            pages = [call for call in discord.calls if call.path == f"/channels/{general.id}/messages"]
            assert len([call for call in pages if call.method == "GET" and call.status == 200]) >= 2

            await discord.wait_for_reply(discord.slash("watch", ana, staff, channel=forum))
            await discord.wait_for_message(lambda m: m.channel is staff and "watch as #2" in m.content, 120)
            [waiting] = await aion.services.reviews.proposals.pending(space)
            assert SHED in waiting.title
            assert HOOK in waiting.text
            listed = await discord.wait_for_reply(discord.slash("watch", ana, staff))
            assert f"{N_THREADS + 1} of {N_THREADS + 1} places" in listed.content
        n_calls = len(discord.calls)
        discord.say(general, rui, "Said while nobody listened.")
        async with on_discord(discord, tmp_path) as aion:
            await discord.wait_until(lambda: _reads(discord, general, n_calls) and _reads(discord, forum, n_calls), 60)
            progress = await aion.services.channels.store.progress(Scope(space))
            assert progress[1].n_places == 1
            reread = [call for call in discord.calls[n_calls:] if call.path == f"/channels/{solved.id}/messages"]
            assert not reread, "what was read is not read again"
            general.is_closed_to_bot = True
            discord.delete_channel(forum)
            await discord.wait_for_message(lambda m: m.channel is staff and "#1: let me see it" in m.content, 60)
            await discord.wait_for_message(lambda m: m.channel is staff and "#2 is gone" in m.content, 60)
            asked = discord.say(staff, ana, GATE, mentions_bot=True)
            await discord.wait_for_message(lambda m: m.reference is asked and "Type 47" in m.content, 60)


def _reads(discord: DiscordServer, channel: Channel, since: int) -> bool:
    return any(call.method == "GET" and str(channel.id) in call.path for call in discord.calls[since:])


async def test_on_telegram_a_group_is_watched_from_then_on(tmp_path: Path) -> None:
    async with TelegramServer(reads_all_group_messages=True) as telegram:
        ana, eva, rui = telegram.person("Ana"), telegram.person("Eva"), telegram.person("Rui")
        group = telegram.group("Club", admins=[ana])
        space = SpaceId(f"telegram:{group['id']}")
        async with on_telegram(telegram, tmp_path) as aion:
            telegram.say(group, ana, "/watch@aion_bot channel")
            await telegram.wait_for_message(says("from now on I propose"))
            notice = await telegram.wait_for_message(says("let me learn"))
            for person in (eva, rui):
                telegram.press(notice, "Yes", person)
            await telegram.wait_for_call("answerCallbackQuery", 2)
            old = {"date": int(time.time()) - 7_200}
            asked = telegram.say(group, eva, GATE, extra=old)
            answered = telegram.say(group, rui, CODE, reply_to=asked, extra=old)
            telegram.say(group, eva, "thanks, that worked", reply_to=answered, extra=old)
            await telegram.wait_for_quiet()
            channels = aion.services.channels
            [watch] = await channels.watching("telegram")
            while await channels.store.count(watch) < 3:
                await telegram.wait_for_quiet()
            assert await channels.settle(watch) == 1
            telegram.edit(answered, CODE.replace("47", "48"))
            await telegram.wait_for_quiet()
            [waiting] = await aion.services.reviews.proposals.pending(space)
            while "48" not in waiting.text:
                await telegram.wait_for_quiet()
                [waiting] = await aion.services.reviews.proposals.pending(space)
            assert waiting.text == f"# {GATE}\n\n{CODE.replace('47', '48')}\n"
