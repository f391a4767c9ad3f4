"""Sends the slash commands to Discord when they changed, in the background, and again where its reply was odd."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bot.platform_errors import UNREADABLE
from core.offload import offload

log = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 60.0, 3600.0
"""Seconds until commands are sent again whose sending failed, doubled with each failure: Discord limits the sends."""


async def keep_synced(tree: app_commands.CommandTree[Any], hashes: CommandHashFile) -> None:
    """Send the commands if they changed; again, with growing pauses, until Discord accepts or refuses them."""
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            changed = await sync_when_changed(tree, hashes)
            return log.info("Discord: commands %s", "sent" if changed else "unchanged")
        except (discord.HTTPException, app_commands.CommandSyncFailure) as error:
            if not isinstance(error, discord.DiscordServerError):
                return log.error("Discord refused the commands, which stay as they were: %s", error)
            problem: Exception = error
        except (discord.DiscordException, aiohttp.ClientError, OSError, *UNREADABLE) as error:
            problem = error
        log.error("Discord: the commands were not sent (%r); trying again in %.0f s", problem, pause_s)
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


class CommandHashFile:
    """A JSON file with the SHA-256 of the commands each application was last sent, by application id."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def read(self, application_id: int) -> str | None:
        """Return the hash of the commands an application was last sent, if any."""
        return (await offload(self._read)).get(str(application_id))

    async def write(self, application_id: int, commands_hash: str) -> None:
        """Store the hash of the commands an application was just sent."""
        await offload(self._write, {**await offload(self._read), str(application_id): commands_hash})

    def _read(self) -> dict[str, str]:
        try:
            hashes = json.loads(self._file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return hashes if isinstance(hashes, dict) else {}

    def _write(self, hashes: dict[str, str]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps(hashes, indent=1), encoding="utf-8")


async def sync_when_changed(tree: app_commands.CommandTree[Any], hashes: CommandHashFile) -> bool:
    """Send the commands to Discord if they differ from those last sent; return whether they were sent.

    Raises ``discord.HTTPException`` when Discord refuses, and what discord.py raises for a reply it cannot read.
    """
    application_id, translator = tree.client.application_id, tree.translator
    if application_id is None or translator is None:
        raise ValueError("commands are sent after logging in, by a tree with a translator")
    payload = [
        await command.get_translated_payload(tree, translator)
        for kind in (discord.AppCommandType.chat_input, discord.AppCommandType.message)
        for command in tree.get_commands(type=kind)
    ]
    commands_hash = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
    if await hashes.read(application_id) == commands_hash:
        return False
    await tree.sync()
    await hashes.write(application_id, commands_hash)
    return True
