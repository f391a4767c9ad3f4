"""A chat's history imported from the terminal and in chat: previewed, proposed, approved together, answered from."""

from __future__ import annotations

from pathlib import Path

import discord_front
import pytest
from discord_server import DiscordServer
from process import aion

from core.types import SpaceId
from tests import chat_exports
from tests.chat_exports import at
from tests.chat_history import Said
from tests.e2e import telegram_community
from tests.e2e.telegram_community import says
from tests.e2e.telegram_server import TelegramServer
from tests.e2e.test_teach import core_in

GATE = "How do I open the gate of the yard at night?"
PANEL = "Type 47 on the panel and press the star."


def export(people: tuple[int, int]) -> list[Said]:
    """Return a history in which the second of two people answers the first."""
    asker, helper = people
    return [
        Said(1, asker, GATE, at("2024-05-01 10:00"), "help"),
        Said(2, helper, PANEL, at("2024-05-01 10:01"), "help", 1),
        Said(3, asker, "thanks, that worked", at("2024-05-01 10:02"), "help", 2),
    ]


@pytest.mark.timeout(180)
@pytest.mark.slow
async def test_in_the_terminal_a_history_is_previewed_and_proposed_once(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    chat_exports.write_discord_json(tmp_path / "exports" / "help.json", export((1, 2)))
    (tmp_path / "exports" / "diary.txt").write_text("nothing of the kind", encoding="utf-8")
    space = ("--space", "discord:5")
    preview = await aion(tmp_path, "import", "exports", *space, "--dry-run", "--authors-agreed")
    assert preview.status == 0, preview.err
    for told in (
        "3 messages of 2 people",
        "1 solved question,",
        "1 would be proposed",
        f"{GATE}: {PANEL}",
        "diary.txt is no",
    ):
        assert told in preview.out
    assert "Nothing waits" in (await aion(tmp_path, "review", "list", *space)).out
    done = await aion(tmp_path, "import", "exports/help.json", *space, "--authors-agreed")
    assert "1 waits for approval" in done.out
    assert "aion review approve import:help --space discord:5" in done.out
    assert PANEL in (await aion(tmp_path, "review", "list", *space)).out
    again = await aion(tmp_path, "import", "exports/help.json", *space)
    assert "1 is known or was proposed before" in again.out
    refused = await aion(tmp_path, "import", "exports/diary.txt", *space)
    assert (refused.status, "is no chat export" in refused.out) == (1, True)


async def test_on_discord_an_attached_export_is_proposed_approved_at_once_and_answered_from(tmp_path: Path) -> None:
    async with DiscordServer() as discord:
        ana, eva = discord.person("Ana"), discord.person("Eva")
        guild = discord.guild("Club", moderators=[ana])
        general = discord.channel(guild, "general")
        chat_exports.write_discord_json(tmp_path / "help.json", export((ana.id - 9000, eva.id - 9000)))
        file = ("help.json", (tmp_path / "help.json").read_bytes())
        async with core_in(tmp_path) as aion, discord_front.running(aion.dispatch, discord, tmp_path):  # type: ignore[arg-type]
            refused = await discord.wait_for_reply(discord.slash("import", eva, general, file=file))
            assert "is for moderators" in refused.content
            preview = await discord.wait_for_reply(discord.slash("import", ana, general, file=file, mode="preview"))
            await discord.wait_until(lambda: "1 would wait for the consent of 1 person" in preview.content)
            await discord.wait_for_reply(discord.slash("consent", eva, general, decision="yes"))
            reply = await discord.wait_for_reply(discord.slash("import", ana, general, file=file))
            await discord.wait_until(lambda: "1 waits for approval" in reply.content)
            assert PANEL in reply.content
            await discord.wait_for_reply(discord.press(reply, "Approve all 1", ana))
            await discord.wait_until(lambda: not reply.buttons)
            [document] = await aion.documents.list(SpaceId(f"discord:{guild.id}"))
            assert document.names[0].startswith(f"https://discord.com/channels/{chat_exports.GUILD}/")
            answer = await discord.wait_for_reply(discord.slash("ask", eva, general, question=GATE))
            await discord.wait_until(lambda: "Type 47 on the panel" in answer.content)


async def test_on_telegram_an_attached_export_waits_for_consent(tmp_path: Path) -> None:
    async with TelegramServer() as telegram:
        ana = telegram.person("Ana")
        group = telegram.group("Club", admins=[ana])
        number = int(ana["id"]) - 9000
        chat_exports.write_telegram_json(tmp_path / "result.json", export((number, number + 1)))
        data = (tmp_path / "result.json").read_bytes()
        async with core_in(tmp_path) as aion, telegram_community.running(telegram, aion.dispatch):  # type: ignore[arg-type]
            telegram.upload(group, ana, "result.json", data, caption="/import@aion_bot")
            await telegram.wait_for_message(says("1 waits for the consent of 1 person"))
            telegram.upload(group, ana, "notes.json", b'{"a": 1}', caption="/import@aion_bot")
            await telegram.wait_for_message(says("no chat export"))
            assert await aion.documents.list(SpaceId(f"telegram:{group['id']}")) == ()
