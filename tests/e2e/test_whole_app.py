"""``aion run`` with the real models, on both platforms at once, over loopback."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from discord_server import DiscordServer
from notes import write_notes
from process import aion, running
from telegram_server import TelegramServer

pytestmark = [pytest.mark.model, pytest.mark.timeout(300), pytest.mark.slow]

PATIENCE_S = 90
"""The first answer waits for the models to load."""


@pytest.fixture
async def taught(data_dir: Path) -> Path:
    """Return a data folder that has learned the notes."""
    done = await aion(data_dir, "index", str(write_notes(data_dir / "notes")))
    assert done.status == 0, done.err
    return data_dir


def rows(data_dir: Path, query: str) -> list[Any]:
    """Read the database as an operator would."""
    with sqlite3.connect(data_dir / "aion.db") as connection:
        return connection.execute(query).fetchall()


async def test_both_platforms_answer_decline_and_keep_thumbs_across_a_restart(taught: Path) -> None:
    async with DiscordServer() as discord, TelegramServer() as telegram:
        tokens = {
            "DISCORD_TOKEN": discord.token,
            "DISCORD_API_BASE": discord.api_base,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "TELEGRAM_TOKEN": telegram.token,
            "TELEGRAM_API_BASE": telegram.url,
        }
        ana, rui = discord.person("Ana"), telegram.person("Rui", language="pt-br")
        guild = discord.guild("Allotment")
        channel, private = discord.channel(guild, "general"), telegram.private(rui)

        async with running(taught, **tokens) as run:
            await run.until_logged("running: discord, telegram")
            await discord.wait_for_bot()
            discord.say(channel, ana, "Who is the beekeeper?", mentions_bot=True)
            answered = await discord.wait_for_message(lambda m: "Tobias Wren" in m.content and m.buttons, PATIENCE_S)
            telegram.say(private, rui, "Quanto tempo dura cada aula?")
            told = await telegram.wait_for_message(lambda m: "duas horas" in m.text and m.buttons, PATIENCE_S)
            telegram.say(private, rui, "Qual é o salário do presidente?")
            await telegram.wait_for_message(lambda m: m.text.startswith("Não sei"), PATIENCE_S)
            telegram.press(told, "👍", rui)
            await telegram.wait_for_toast()
            assert await run.stop() == 0, "".join(run.log)

        async with running(taught, **tokens) as run:
            await run.until_logged("running: discord, telegram")
            await discord.wait_for_bot(n_identified=2)
            press = discord.press(answered, "👎", ana)
            await discord.wait_for_reply(press)
            assert await run.stop() == 0, "".join(run.log)

        log = "".join(run.log)
        assert discord.token not in log
        assert telegram.token not in log
    assert sorted(thumb for (thumb,) in rows(taught, "SELECT thumb FROM ratings")) == ["down", "up"]
    assert not rows(taught, "SELECT 1 FROM ratings WHERE person LIKE '%:%'")  # pseudonyms alone


async def test_moderators_teach_in_chat_and_others_are_refused(taught: Path) -> None:
    async with TelegramServer() as telegram:
        ana, rui = telegram.person("Ana"), telegram.person("Rui")
        group = telegram.group("Chess", admins=[ana])
        other = telegram.private(rui)
        note = b"# Chess club\n\nThe chess club meets on Mondays at 20:15 in the attic, hosted by Olga Penn."
        async with running(taught, TELEGRAM_TOKEN=telegram.token, TELEGRAM_API_BASE=telegram.url) as run:
            await run.until_logged("running: telegram")
            telegram.upload(group, rui, "chess.md", note, caption="/index@aion_bot")
            await telegram.wait_for_message(lambda m: "moderators" in m.text, PATIENCE_S)
            telegram.upload(group, ana, "chess.md", note, caption="/index@aion_bot")
            await telegram.wait_for_message(lambda m: "Learned chess.md" in m.text, PATIENCE_S)
            telegram.say(group, rui, "@aion_bot when does the chess club meet?")
            await telegram.wait_for_message(lambda m: "20:15" in m.text, PATIENCE_S)
            telegram.say(other, rui, "When does the chess club meet?")  # what a group taught stays in the group
            await telegram.wait_for_message(
                lambda m: m.chat["id"] == other["id"] and "I don't know" in m.text, PATIENCE_S
            )
            telegram.say(group, ana, "/learn@aion_bot http://127.0.0.1/secret")
            await telegram.wait_for_message(lambda m: "network" in m.text, PATIENCE_S)
            await run.stop()


async def test_commands_work_beside_it_and_a_second_one_to_run_is_told_so(taught: Path, tmp_path: Path) -> None:
    note = tmp_path / "rowing.md"
    note.write_text("# Rowing\n\nThe boathouse opens at six on Sundays.\n", encoding="utf-8")
    async with TelegramServer() as telegram:
        async with running(taught, TELEGRAM_TOKEN=telegram.token, TELEGRAM_API_BASE=telegram.url) as run:
            await run.until_logged("running: telegram")
            second = await aion(taught, "run", TELEGRAM_TOKEN=telegram.token, TELEGRAM_API_BASE=telegram.url)
            assert second.status == 1
            assert "already runs" in second.err
            learned = await aion(taught, "index", str(note))
            assert "Learned" in learned.out, learned.err
            told = await aion(taught, "chat", "--once", "When does the boathouse open on Sundays?", "--json")
            assert "six" in told.json["answer"]
            assert "rowing.md" in (await aion(taught, "docs")).out
            forgotten = await aion(taught, "forget", str(note), LANG="pt_BR.UTF-8")
            assert "Rowing" in forgotten.out, forgotten.err
            await run.stop()
        assert "rowing.md" not in (await aion(taught, "docs")).out


async def test_a_wrong_token_ends_the_process_with_one_sentence(tmp_path: Path) -> None:
    async with TelegramServer() as telegram:
        async with running(tmp_path, TELEGRAM_TOKEN="123:wrong", TELEGRAM_API_BASE=telegram.url) as run:
            assert await run.process.wait() == 1
        assert "TELEGRAM_TOKEN" in "".join(run.log)
        assert "Traceback" not in "".join(run.log)
