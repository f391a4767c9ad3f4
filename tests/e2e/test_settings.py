"""``/settings`` by menus and buttons on both platforms, before the real core, and ``aion settings`` beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from discord_server import DiscordServer

from bot.cli.root import finish
from bot.operator.settings import change_setting, print_as_json, print_list
from core.assembly.aion import Aion
from core.services.setting_schema import ANSWERS, FREE_CHANNELS, MODERATORS, NAME, RESEARCH, Setting
from core.types import SpaceId
from tests.e2e.real_core import core_in, on_discord, on_telegram
from tests.e2e.telegram_community import says
from tests.e2e.telegram_server import TelegramServer
from tests.fakes import MODERATOR, SPACE, CollectingOutlet, message


async def value(aion: Aion, space: str, setting: Setting) -> object:
    return await aion.services.settings.spaces.value(SpaceId(space), setting)


async def test_on_discord_a_moderator_chooses_from_menus(tmp_path: Path) -> None:
    async with DiscordServer() as discord:
        ana, eva = discord.person("Ana"), discord.person("Eva")
        guild = discord.guild("Club", moderators=[ana])
        general, mods = discord.channel(guild, "general"), discord.channel(guild, "mods")
        space = f"discord:{guild.id}"
        async with on_discord(discord, tmp_path) as aion:
            listed = await discord.wait_for_reply(discord.slash("settings", ana, general))
            assert "**Answers**: The closest I found, and what a provider knows" in listed.content
            refused = await discord.wait_for_reply(discord.pick(listed, "Answers", eva))
            assert refused.is_private and "moderators" in refused.content
            card = await discord.wait_for_reply(discord.pick(listed, "Answers", ana))
            await discord.wait_until(lambda: not listed.components)
            assert [each["label"] for each in card.menu["options"] if each.get("default")] == [
                "The closest I found, and what a provider knows, each marked"
            ]
        async with on_discord(discord, tmp_path) as aion:  # menus outlive the process that showed them
            changed = await discord.wait_for_reply(discord.pick(card, "Only that I don't know", ana, locale="pt-BR"))
            assert changed.content == "✅ Respostas: Só que não sei"
            assert await value(aion, space, ANSWERS) == "sure"
            listed = await discord.wait_for_reply(discord.press(changed, "☰ Todas as configurações", ana))
            card = await discord.wait_for_reply(discord.pick(listed, "Moderators' channel", ana))
            changed = await discord.wait_for_reply(discord.pick(card, mods, ana))
            assert changed.content == f"✅ Moderators' channel: <#{mods.id}>"
            assert await value(aion, space, MODERATORS) == str(mods.id)
            typed = await discord.wait_for_reply(
                discord.slash("settings", ana, general, setting="moderators", value="1")
            )
            assert "here, off" in typed.content, "no channel of another server can be named by its id"
            assert await value(aion, space, MODERATORS) == str(mods.id)


async def test_on_discord_a_reply_to_the_card_is_the_new_value(tmp_path: Path) -> None:
    async with DiscordServer() as discord:
        ana = discord.person("Ana")
        guild = discord.guild("Club", moderators=[ana])
        general = discord.channel(guild, "general")
        async with on_discord(discord, tmp_path) as aion:
            card = await discord.wait_for_reply(discord.slash("settings", ana, general, setting="name"))
            discord.say(general, ana, "Dona Clara", reply_to=card)
            changed = await discord.wait_for_message(lambda m: "✅" in m.content)
            assert changed.content == "✅ My name: Dona Clara"
            assert await value(aion, f"discord:{guild.id}", NAME) == "Dona Clara"
            discord.say(general, ana, "who are you?", mentions_bot=True)
            await discord.wait_for_message(lambda m: m.content.startswith("I'm Dona Clara, a bot."))


async def test_on_telegram_a_moderator_chooses_from_buttons(tmp_path: Path) -> None:
    async with TelegramServer(reads_all_group_messages=True) as telegram:
        ana, rui = telegram.person("Ana"), telegram.person("Rui")
        group = telegram.group("Club", admins=[ana])
        space = f"telegram:{group['id']}"
        async with on_telegram(telegram, tmp_path) as aion:
            telegram.say(group, ana, "/settings@aion_bot")
            listed = await telegram.wait_for_message(says("What can be set here"))
            telegram.press(listed, "Research", rui)
            await telegram.wait_for_message(says("for moderators"))
            telegram.press(listed, "Research", ana)
            card = await telegram.wait_for_message(says("How many web pages a week"))
            assert "✓ None" in [each["text"] for each in card.buttons]
            telegram.press(card, "25 a week", ana)
            changed = await telegram.wait_for_message(says("✅ Research: 25 a week"))
            assert await value(aion, space, RESEARCH) == 25
            telegram.press(changed, "☰ All settings", ana)
            listed = await telegram.wait_for_message(says("What can be set here", "25 a week"))
            telegram.press(listed, "Free channels", ana)
            card = await telegram.wait_for_message(says("nobody asked me"))
            telegram.press(card, "📍 This channel", ana)
            await telegram.wait_for_message(says("✅ Free channels: this channel"))
            assert await value(aion, space, FREE_CHANNELS) == (space,)
            telegram.say(group, ana, "/settings@aion_bot research 7")
            await telegram.wait_for_message(says("✅ Research: 7 a week"))
            telegram.say(group, ana, "/settings@aion_bot language pt")
            await telegram.wait_for_message(says("✅ Language: Portuguese"))
            telegram.say(group, rui, "/channel@aion_bot")
            await telegram.wait_for_message(says("só para moderadores"))
            await telegram.wait_for_quiet()


async def said(aion: Aion, text: str, command: str, **arguments: str) -> str:
    outlet = CollectingOutlet()
    sent = message(text, key=f"{text}{arguments}", command=command, arguments=arguments, person=MODERATOR)
    await aion.dispatch.handle(replace(sent, conversation="general"), outlet)
    return outlet.text


async def test_the_commands_of_before_and_the_command_line_change_the_same_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AION_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("AION_LANGUAGE", "en")
    async with core_in(tmp_path) as aion:
        await said(aion, "/channel free", "channel", mode="free")
        await said(aion, "/review all", "review", policy="all")
        await said(aion, "/training on", "training", allowed="on")
        await said(aion, "/gaps auto 50", "gaps", what="auto 50")
        await change_setting("retention", "90", SPACE)  # beside the running one
        await change_setting("moderators", "12345", SPACE)
        await print_list(SPACE)
        await print_as_json(SPACE)
        assert await value(aion, SPACE, FREE_CHANNELS) == ("general",)
    printed = capsys.readouterr().out
    assert '"review": "all"' in printed and '"training": true' in printed and '"research": 50' in printed
    assert "retention      90 " in printed and "moderators     12345 " in printed


def test_a_wrong_value_on_the_command_line_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AION_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("AION_LANGUAGE", "en")
    with pytest.raises(SystemExit):
        finish(change_setting("answers", "perhaps", SPACE))
    assert capsys.readouterr().err == ("“perhaps” is no value of answers. It may be: everything, taught, sure.\n")
