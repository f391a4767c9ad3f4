"""The whole application killed and started again: what it had taken on is answered, and nothing is answered twice."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path

import pytest
from discord_faults import Failed, Late
from discord_server import DiscordServer
from process import Running, running
from quick_words import spoken

from tests.e2e.telegram_faults import Dropped, Flood, Slow
from tests.e2e.telegram_server import TelegramServer

pytestmark = [pytest.mark.timeout(180), pytest.mark.slow]

PATIENCE_S = 60
NOTE = "I was interrupted while sending"


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        yield server


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        yield server


def aion(
    data_dir: Path, server: TelegramServer | DiscordServer, **settings: str
) -> AbstractAsyncContextManager[Running]:
    """Run AION against one platform."""
    if isinstance(server, TelegramServer):
        settings |= {"TELEGRAM_TOKEN": server.token, "TELEGRAM_API_BASE": server.url}
    else:
        settings |= {"DISCORD_TOKEN": server.token, "DISCORD_API_BASE": server.api_base}
        settings |= {"DISCORD_GATEWAY_URL": server.gateway_url}
    return running(data_dir, module="tests.e2e.quick_aion", **settings)


def kept(data_dir: Path) -> list[tuple[str, bool]]:
    """Return the state of everything in the inbox, and whether anything of its words is left."""
    with sqlite3.connect(data_dir / "aion.db") as connection:
        return connection.execute("SELECT state, message IS NOT NULL OR reply IS NOT NULL FROM inbox").fetchall()


async def until_kept(data_dir: Path, state: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with suppress(sqlite3.OperationalError):  # while the database is being made
                if state in {each for each, _ in kept(data_dir)}:
                    return
            await asyncio.sleep(0.02)


def squeezed(texts: list[str]) -> str:
    """Return texts without what splitting may change: the space between."""
    return "".join("".join(texts).split())


def hold(data_dir: Path) -> Path:
    """Make commands wait until the file that is returned is gone."""
    file = data_dir / "hold"
    file.touch()
    return file


# --- Telegram ---------------------------------------------------------------------------------------------------------


async def test_telegram_killed_before_the_answer(tmp_path: Path, telegram: TelegramServer) -> None:
    ana = telegram.person("Ana")
    group, dm = telegram.group("Library"), telegram.private(ana)
    held = hold(tmp_path)
    async with aion(tmp_path, telegram) as run:
        asked = telegram.say(group, ana, "/echo@aion_bot one")
        telegram.say(dm, ana, "/echo two")
        await telegram.wait_for_quiet(PATIENCE_S)
        await until_kept(tmp_path, "accepted")
        await run.kill()
    held.unlink()
    async with aion(tmp_path, telegram) as run:
        shown = await telegram.wait_for_message(lambda m: m.text == "Echo: one", PATIENCE_S)
        await telegram.wait_for_message(lambda m: m.text == "Echo: two", PATIENCE_S)
        assert shown.reply_to == asked["message_id"]
        for update in telegram.updates[:2]:
            telegram.redeliver(update)
        telegram.say(dm, ana, "/echo three")
        await telegram.wait_for_message(lambda m: m.text == "Echo: three", PATIENCE_S)
        assert await run.stop() == 0
    assert telegram.texts(group) + telegram.texts(dm) == ["Echo: one", "Echo: two", "Echo: three"]
    assert set(kept(tmp_path)) == {("closed", False)}


async def test_telegram_killed_between_the_parts_of_an_answer(tmp_path: Path, telegram: TelegramServer) -> None:
    ana = telegram.person("Ana")
    dm = telegram.private(ana)
    telegram.inject("sendMessage", Slow(0), Flood(30))
    async with aion(tmp_path, telegram) as run:
        telegram.say(dm, ana, "/echo long")
        await telegram.wait_for_call("sendMessage", 2, PATIENCE_S)
        await asyncio.sleep(0.3)
        await run.kill()
    async with aion(tmp_path, telegram):
        whole = squeezed([spoken("long")])
        await telegram.wait_for_message(lambda _: squeezed(telegram.texts(dm)) == whole, PATIENCE_S)
        await until_kept(tmp_path, "closed")
    assert len(telegram.texts(dm)) > 2


async def test_telegram_killed_while_sending_is_not_sent_blindly_again(
    tmp_path: Path, telegram: TelegramServer
) -> None:
    ana = telegram.person("Ana")
    dm = telegram.private(ana)
    telegram.inject("sendMessage", Slow(60))
    async with aion(tmp_path, telegram) as run:
        telegram.say(dm, ana, "/echo one")
        await telegram.wait_for_message(lambda m: m.text == "Echo: one", PATIENCE_S)
        await run.kill()
    async with aion(tmp_path, telegram):
        await telegram.wait_for_message(lambda m: m.text.startswith(NOTE), PATIENCE_S)
        await until_kept(tmp_path, "closed")
    assert [text for text in telegram.texts(dm) if text.startswith("Echo")] == ["Echo: one"]


async def test_telegram_long_ban_parks_the_answer_for_the_next_start(tmp_path: Path, telegram: TelegramServer) -> None:
    ana = telegram.person("Ana")
    dm = telegram.private(ana)
    telegram.inject("sendMessage", Flood(3600))
    async with aion(tmp_path, telegram) as run:
        telegram.say(dm, ana, "/echo one")
        await run.until_logged("is answered in 3600 s")
        assert await run.stop() == 0
    with sqlite3.connect(tmp_path / "aion.db") as connection:
        connection.execute("UPDATE inbox SET due_at = strftime('%Y-%m-%d %H:%M:%S.000000', 'now', '-1 minute')")
    async with aion(tmp_path, telegram):
        await telegram.wait_for_message(lambda m: m.text == "Echo: one", PATIENCE_S)
    assert len(telegram.of("sendMessage")) == 2


async def test_a_file_that_was_not_read_is_asked_for_again(tmp_path: Path, telegram: TelegramServer) -> None:
    ana = telegram.person("Ana")
    dm = telegram.private(ana)
    held = hold(tmp_path)
    async with aion(tmp_path, telegram) as run:
        telegram.upload(dm, ana, "a.md", b"A", caption="/echo one")
        await until_kept(tmp_path, "accepted")
        await run.kill()
    held.unlink()
    async with aion(tmp_path, telegram):
        await telegram.wait_for_message(lambda m: "Please send it again" in m.text, PATIENCE_S)


async def test_an_album_is_taken_on_by_its_words_before_its_files_are_together(
    tmp_path: Path, telegram: TelegramServer
) -> None:
    ana = telegram.person("Ana")
    dm = telegram.private(ana)
    async with aion(tmp_path, telegram) as run:
        telegram.album(dm, ana, {"a.md": b"A", "b.md": b"B"}, caption="/echo one")
        await telegram.wait_for_quiet(PATIENCE_S)
        await run.kill()  # long before it could be known that no third file comes
    async with aion(tmp_path, telegram):
        await telegram.wait_for_message(lambda m: "Please send it again" in m.text, PATIENCE_S)


async def test_a_press_delivered_again_after_a_restart_counts_once(tmp_path: Path, telegram: TelegramServer) -> None:
    ana = telegram.person("Ana")
    dm = telegram.private(ana)
    async with aion(tmp_path, telegram) as run:
        telegram.say(dm, ana, "What is the meaning of life?")
        shown = await telegram.wait_for_message(lambda m: bool(m.buttons), PATIENCE_S)
        telegram.press(shown, "👍", ana)
        await telegram.wait_for_toast(timeout_s=PATIENCE_S)
        await run.kill()
    async with aion(tmp_path, telegram):
        telegram.redeliver(telegram.updates[-1])
        await telegram.wait_for_quiet(PATIENCE_S)
    with sqlite3.connect(tmp_path / "aion.db") as connection:
        assert connection.execute("SELECT thumb FROM ratings").fetchall() == [("up",)]


async def test_a_deaf_poller_ends_the_process_loudly(tmp_path: Path, telegram: TelegramServer) -> None:
    async with aion(tmp_path, telegram, AION_DEAF_AFTER_S="1.5") as run:
        await run.until_logged("running: telegram")
        telegram.inject("getUpdates", *[Slow(600)] * 10)
        assert await asyncio.wait_for(run.process.wait(), PATIENCE_S) == 1
    log = "".join(run.log)
    assert log.count("starting it again (") == 3
    assert "Nothing was heard from telegram" in log
    assert telegram.token not in log


async def test_a_dropped_poll_loses_nothing(tmp_path: Path, telegram: TelegramServer) -> None:
    ana = telegram.person("Ana")
    dm = telegram.private(ana)
    telegram.inject("getUpdates", Dropped(applied=True), Dropped(applied=False))
    async with aion(tmp_path, telegram):
        telegram.say(dm, ana, "/echo one")
        await telegram.wait_for_message(lambda m: m.text == "Echo: one", PATIENCE_S)
    assert telegram.texts(dm) == ["Echo: one"]


# --- Discord ----------------------------------------------------------------------------------------------------------


async def test_discord_command_killed_before_the_answer(tmp_path: Path, discord: DiscordServer) -> None:
    ana = discord.person("Ana")
    channel = discord.channel(discord.guild("Library"), "general")
    held = hold(tmp_path)
    async with aion(tmp_path, discord) as run:
        await discord.wait_until(lambda: discord.commands and discord.n_identified, PATIENCE_S)
        call = discord.slash("echo", ana, channel, text="one")
        await discord.wait_until(lambda: call.acknowledged, PATIENCE_S)
        await until_kept(tmp_path, "accepted")
        await run.kill()
    held.unlink()
    async with aion(tmp_path, discord):
        await discord.wait_until(lambda: discord.n_identified == 2, PATIENCE_S)
        await discord.wait_for_message(lambda m: m.content == "Echo: one", PATIENCE_S)
        await until_kept(tmp_path, "closed")
    assert [m.content for m in discord.shown] == ["Echo: one"]
    assert call.messages[0].content == "Echo: one"
    assert set(kept(tmp_path)) == {("closed", False)}


async def test_discord_command_whose_token_expired_is_answered_in_the_channel(
    tmp_path: Path, discord: DiscordServer
) -> None:
    ana = discord.person("Ana")
    channel = discord.channel(discord.guild("Library"), "general")
    held = hold(tmp_path)
    async with aion(tmp_path, discord) as run:
        await discord.wait_until(lambda: discord.commands and discord.n_identified, PATIENCE_S)
        call = discord.slash("echo", ana, channel, text="one")
        await until_kept(tmp_path, "accepted")
        await discord.wait_until(lambda: call.acknowledged, PATIENCE_S)
        await run.kill()
    held.unlink()
    call.is_expired = True
    async with aion(tmp_path, discord):
        answer = await discord.wait_for_message(lambda m: m.content == "Echo: one", PATIENCE_S)
    assert answer not in call.messages
    assert answer.channel is channel


@pytest.mark.parametrize("fault", [Failed(503), Failed(503, applied=True), Late(60.0)], ids=repr)
async def test_discord_killed_while_sending_shows_the_answer_once(
    tmp_path: Path, discord: DiscordServer, fault: Failed | Late
) -> None:
    ana = discord.person("Ana")
    channel = discord.channel(discord.guild("Library"), "general")
    async with aion(tmp_path, discord) as run:
        await discord.wait_for_bot()
        discord.inject(r"POST /channels/\d+/messages", fault, *[Failed(503)] * 20)
        discord.say(channel, ana, "What is the meaning of life?", mentions_bot=True)
        await discord.wait_until(lambda: any(call.path.endswith("/messages") for call in discord.calls), PATIENCE_S)
        await run.kill()
    discord._faults.clear()
    async with aion(tmp_path, discord):
        await discord.wait_for_message(lambda m: m.buttons, PATIENCE_S)
        await until_kept(tmp_path, "closed")
        await asyncio.sleep(0.5)
    assert len(discord.shown) == 1


async def test_discord_a_deaf_gateway_is_connected_anew(tmp_path: Path, discord: DiscordServer) -> None:
    ana = discord.person("Ana")
    channel = discord.channel(discord.guild("Library"), "general")
    async with aion(tmp_path, discord, AION_DEAF_AFTER_S="4") as run:
        await discord.wait_for_bot()
        await run.until_logged("discord: not a word for 4 s; starting it again (1 of 3)")
        await discord.wait_until(lambda: discord.n_identified == 2, PATIENCE_S)
        discord.say(channel, ana, "What is the meaning of life?", mentions_bot=True)
        await discord.wait_for_message(lambda m: m.buttons, PATIENCE_S)
