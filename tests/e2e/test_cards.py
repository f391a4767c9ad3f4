"""``/pending`` as a list whose things are decided on one by one, on both platforms, after a restart too."""

from __future__ import annotations

from pathlib import Path

from discord_server import DiscordServer
from discord_things import IS_COMPONENTS_V2

from core.assembly.aion import Aion
from core.storage.curation.proposals import NewProposal
from core.storage.documents import NewDocument
from core.types import SpaceId
from tests.e2e.real_core import on_discord, on_telegram
from tests.e2e.telegram_community import says
from tests.e2e.telegram_server import TelegramServer


async def waiting(aion: Aion, space: SpaceId, n: int) -> list[int]:
    """Let texts wait for a decision, and return their numbers."""
    reviews = aion.services.reviews
    for each in range(1, n + 1):
        text = f"The library's hall {each} opens at nine on weekdays."
        new = NewDocument(f"https://library.example/{each}", "bytes", f"Rules *of* hall {each}", "html", "en", text)
        await reviews.propose(space, NewProposal(new, "library.example", "halls", (text,), score=0.8))
    return [proposal.id for proposal in await reviews.proposals.pending(space)]


async def test_on_discord_it_is_a_card_that_loses_what_is_decided(tmp_path: Path) -> None:
    async with DiscordServer() as discord:
        ana, eva = discord.person("Ana"), discord.person("Eva")
        guild = discord.guild("Club", moderators=[ana])
        general = discord.channel(guild, "general")
        space = SpaceId(f"discord:{guild.id}")
        async with on_discord(discord, tmp_path) as aion:
            first, second, *_ = await waiting(aion, space, 8)
            card = await discord.wait_for_reply(discord.slash("pending", ana, general))
        assert card.flags & IS_COMPONENTS_V2 and not card.content
        assert "8 texts wait for a decision, here the first 6." in card.text
        assert "Rules *of* hall 2" in card.text
        assert len(card.buttons) == 12
        async with on_discord(discord, tmp_path):
            refused = await discord.wait_for_reply(discord.press(card, f"Approve #{first}", eva))
            assert refused.is_private and len(card.buttons) == 12
            told = await discord.wait_for_reply(discord.press(card, f"Reject #{first}", ana))
            assert "Rules" in told.content
            await discord.wait_until(lambda: len(card.buttons) == 10)
            assert f"Approve #{first}" not in card.buttons and f"Approve #{second}" in card.buttons
            assert "Rules *of* hall 1" in card.text, "what was decided is still told"
            listed = await discord.wait_for_reply(discord.slash("pending", ana, general, locale="pt-BR"))
            assert "7 textos esperam decisão" in listed.text


async def test_on_telegram_each_has_a_row_of_buttons_until_it_is_decided(tmp_path: Path) -> None:
    async with TelegramServer(reads_all_group_messages=True) as telegram:
        ana = telegram.person("Ana", language="pt")
        group = telegram.group("Club", admins=[ana])
        async with on_telegram(telegram, tmp_path) as aion:
            first, second = await waiting(aion, SpaceId(f"telegram:{group['id']}"), 2)
            telegram.say(group, ana, "/pending@aion_bot")
            listed = await telegram.wait_for_message(says("2 textos esperam decisão"))
        assert "Rules *of* hall 1" in listed.text and "Rules *of* hall 2" in listed.text
        async with on_telegram(telegram, tmp_path):
            telegram.press(listed, f"Recusar #{first}", ana)
            await telegram.wait_for_call("editMessageReplyMarkup")
            assert [each["text"] for each in listed.buttons] == [f"Aprovar #{second}", f"Recusar #{second}"]
            telegram.press(listed, f"Recusar #{second}", ana)
            await telegram.wait_for_call("editMessageReplyMarkup", 2)
            assert not listed.buttons
