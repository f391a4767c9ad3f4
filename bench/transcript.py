"""What people see on each platform, for the README: ``aion run`` with the real models and the sample handbook.

Run: make transcript   (python bench/transcript.py)
discord.py and python-telegram-bot are the real ones; behind them are the small platforms of ``tests/e2e``.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from discord_server import DiscordServer
from process import ROOT, aion, running

from bench.arguments import link_models
from bench.delivery_worlds import discord_settings, telegram_settings
from core.settings import read_settings
from tests.e2e.telegram_server import TelegramServer

PATIENCE_S = 240.0


async def discord_lines(server: DiscordServer) -> list[str]:
    """Ask on Discord, in a channel and by a command."""
    ana, rui = server.person("Ana"), server.person("Rui")
    channel = server.channel(server.guild("Library"), "general")
    lines = []
    server.say(channel, ana, "When does the library open on Saturdays?", mentions_bot=True)
    lines.append("Ana: @AION When does the library open on Saturdays?")
    shown = await server.wait_for_message(lambda m: m.buttons, PATIENCE_S)
    lines.append(f"AION: {shown.content}\n      [{'] ['.join(shown.buttons)}]")
    call = server.slash("ask", rui, channel, locale="pt-BR", question="Qual é a senha do wifi?")
    await server.wait_until(lambda: call.original is not None and call.original.buttons, PATIENCE_S)
    lines.append("Rui: /ask Qual é a senha do wifi?")
    lines.append(f"AION: {call.original.content if call.original else ''}")
    return lines


async def telegram_lines(server: TelegramServer) -> list[str]:
    """Ask on Telegram, in a private chat."""
    rui = server.person("Rui", language="pt-br")
    private = server.private(rui)
    lines = []
    server.say(private, rui, "Quanto custa perder uma chave?")
    lines.append("Rui: Quanto custa perder uma chave?")
    shown = await server.wait_for_message(lambda m: bool(m.buttons), PATIENCE_S)
    lines.append(f"AION: {shown.text}\n      [{'] ['.join(b['text'] for b in shown.buttons)}]")
    server.press(shown, "👍", rui)
    lines.append(f"Rui presses 👍 · AION: {await server.wait_for_toast(timeout_s=PATIENCE_S)}")
    return lines


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        link_models(data_dir, read_settings().models_dir)
        taught = await aion(data_dir, "index", str(ROOT / "data" / "samples"))
        assert taught.status == 0, taught.err
        async with DiscordServer() as discord, TelegramServer() as telegram:
            settings = telegram_settings(telegram) | discord_settings(discord)
            async with running(data_dir, **settings) as run:
                await run.until_logged("running: discord, telegram")
                await discord.wait_until(lambda: discord.commands and discord.n_identified, PATIENCE_S)
                on_discord, on_telegram = await discord_lines(discord), await telegram_lines(telegram)
                await run.stop()
    print("On Discord:\n", "```text", *on_discord, "```", sep="\n")
    print("\nOn Telegram:\n", "```text", *on_telegram, "```", sep="\n")


if __name__ == "__main__":
    asyncio.run(main())
