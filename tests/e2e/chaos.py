"""One life of AION after another, each ended at a random moment while people ask, rate, teach, review and back up.

Everything is a process of its own against the small platforms of this folder: ``aion run``, ``aion index`` and ``aion
backup`` beside it. Now and then AION is left alone until it rests; then what it owes is reckoned up (``audit``).
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
from discord_server import DiscordServer

from core.backup.backups import Backups, verify
from core.backup.places import FolderPlace
from core.backup.postgres_snapshot import PostgresSnapshot
from core.backup.restore import restore
from core.backup.snapshot import DatabaseSnapshot
from core.backup.sqlite_snapshot import SqliteSnapshot
from core.knowledge.parsing.parse import parse
from core.storage.database import Database
from core.storage.delivery.inbox import Inbox
from tests.e2e.chaos_audit import Audit, audit
from tests.e2e.chaos_people import DiscordPeople, TelegramPeople
from tests.e2e.nursery import Child, Nursery, nursery
from tests.e2e.telegram_server import TelegramServer
from tests.postgres import server_tools

LIGHT = {"AION_READER": "off", "AION_WRITER": "extract"}
LIGHT |= {f"AION_LIMIT_{who}_PER_MINUTE": "0" for who in ("PERSON", "MODERATOR", "SPACE", "EVERYONE", "UNASKED")}
REST_WITHIN_S, LOG_LINES = 120.0, 200
MAX_CALLS, LONGEST_LIFE_S = 60, 20.0
"""A life ends after a random number of calls to the platforms, so that a slow machine gets as far as a fast one does.

About twenty are made at each start.
"""

MAX_WAITING = 8
"""How many wait for an answer on Telegram at a time: people do not ask on and on where nobody answers."""


@dataclass
class Tally:
    """What happened, for the table."""

    n_kills: int = 0
    n_starts: int = 0
    n_backups: int = 0
    n_audits: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass
class Chaos:
    """The lives of one data folder; ``url`` is that of a PostgreSQL database, empty for SQLite."""

    folder: Path
    url: str
    chance: random.Random
    telegram: TelegramPeople
    discord: DiscordPeople
    nursery: Nursery
    tally: Tally = field(default_factory=Tally)
    _helpers: list[Child] = field(default_factory=list)

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def settings(self) -> dict[str, str]:
        url = {"AION_DATABASE_URL": self.url, "PATH": os.environ["PATH"]} if self.url else {}
        return {**self.telegram.settings, **self.discord.settings, **LIGHT, **url}

    async def begin(self) -> None:
        """Have the moderators say where they review, and agree to be learned from."""
        run = await self._start()
        server, moderator = self.discord.server, self.discord.moderator
        await server.wait_for_bot()
        await server.wait_for_reply(server.slash("channel", moderator, self.discord.staff, mode="moderators"))
        await server.wait_for_reply(server.slash("consent", moderator, self.discord.staff, decision="yes"))
        await run.stop()

    async def live(self) -> None:
        """Run AION for a while and end it, mostly by a kill, sometimes as its operator would, or both."""
        run = await self._start()
        await self._act(run, self._n_calls + self.chance.randrange(MAX_CALLS))
        if (ending := self.chance.random()) < 0.15:
            try:
                if await run.stop() not in (0, -signal.SIGTERM):  # the second, when it had hardly begun
                    self.tally.faults.append(f"aion run ended with {run.ended.result()}")
            except TimeoutError:
                self.tally.faults.append("aion run did not stop when it was asked to")
                await run.kill()
        else:
            if ending < 0.3:
                stopping = asyncio.create_task(run.stop())
                await asyncio.sleep(self.chance.random() * 0.3)
                await run.kill()
                await stopping
            await run.kill()
            self.tally.n_kills += 1
        await self._end_helpers()

    async def rest(self) -> None:
        """Run AION until nothing is owed, and reckon up."""
        self.tally.n_audits += 1
        run = await self._start()
        await self._until(run, self._is_heard())
        await self._settle()
        await asyncio.sleep(1.0)  # for what comes late, and for what comes twice
        if not run.is_alive:
            self.tally.faults.append(f"aion run ended by itself with {run.ended.result()}")
        await run.kill()
        found = await audit(self.data_dir, self.url)
        self.tally.faults += [*found.faults, *self._broken(found), *await self._unsound()]

    def report(self) -> str:
        """Return the faults, what AION's log says of the messages in them and of its own faults, and its end."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        keys = re.findall(r"(?:discord|telegram):[\w:-]+", " ".join(self.tally.faults))
        telling = [line for line in lines if " ERROR " in line or any(key in line for key in keys)]
        return "\n".join([*self.tally.faults, "", *telling, "", *lines[-LOG_LINES:]])

    async def _start(self) -> Child:
        self.tally.n_starts += 1
        return await self.nursery.start(self.data_dir, "run", log=self.log, **self.settings)

    def _is_heard(self) -> Callable[[], bool]:
        polled, n_identified = self.telegram.server._poll, self.discord.server.n_identified
        return lambda: self.telegram.server._poll is not polled and self.discord.server.n_identified > n_identified

    async def _until(self, run: Child, holds: Callable[[], bool]) -> None:
        end_s = time.monotonic() + 60
        while not holds():
            if not run.is_alive or time.monotonic() > end_s:
                self.tally.faults.append("aion run did not come up")
                return
            await asyncio.sleep(0.02)

    @property
    def _n_calls(self) -> int:
        return len(self.telegram.server.calls) + len(self.discord.server.calls)

    async def _act(self, run: Child, n_calls: int) -> None:
        """Let people act until AION called the platforms so often in all; it must not end by itself."""
        end_s, n_before = time.monotonic() + LONGEST_LIFE_S, self._n_calls
        while self._n_calls < n_calls and time.monotonic() < end_s:
            if not run.is_alive:
                self.tally.faults.append(f"aion run ended by itself with {run.ended.result()}")
                return
            if self.telegram.n_waiting() < MAX_WAITING:
                self.chance.choice((self.telegram, self.discord)).act()
            if self.chance.random() < 0.03 and self._n_calls > n_before:  # before, the command would take the folder
                await self._help()
            await asyncio.sleep(self.chance.random() * 0.2)

    async def _help(self) -> None:
        """Type a command beside the running AION."""
        if self.chance.random() < 0.4:
            arguments = ["backup", "--to", str(self.folder / "backups")]
        else:
            uploads = [self.telegram.uploads.new_global(self.chance) for _ in range(3)]
            for name, data in uploads:
                (self.folder / name).write_bytes(data)
            arguments = ["index", *(str(self.folder / name) for name, _ in uploads)]
        self._helpers.append(
            await self.nursery.start(self.data_dir, *arguments, log=self.folder / "helpers", **self.settings)
        )

    async def _end_helpers(self) -> None:
        """Kill the commands that were typed, or wait until they noticed that AION is gone."""
        for helper in self._helpers:
            if self.chance.random() < 0.5:
                await asyncio.sleep(self.chance.random() * 0.2)
                await helper.kill()
            else:
                await asyncio.wait_for(asyncio.shield(helper.ended), 120)
        self._helpers.clear()

    async def _settle(self) -> None:
        """Wait until nothing is owed, as long as that becomes less."""
        least, end_s = sys.maxsize, time.monotonic() + REST_WITHIN_S
        while n_owed := await self._count_owed():
            if n_owed < least:
                least, end_s = n_owed, time.monotonic() + REST_WITHIN_S
            if time.monotonic() > end_s:
                self.tally.faults.append(f"AION does not come to rest: {n_owed} messages are open")
                return
            await asyncio.sleep(0.2)

    async def _count_owed(self) -> int:
        database = await Database.open_shared(self.data_dir, self.url)
        try:
            n_open = await Inbox(database).count_open()
        finally:
            await database.close()
        return n_open + len(self.telegram.owed(frozenset())) + self.telegram.n_not_heard()

    def _broken(self, found: Audit) -> list[str]:
        faults = [*self.telegram.faults(found.kept), *self.discord.faults(found.kept)]
        for uploads in (self.telegram.uploads, self.discord.uploads):
            for (space, name), sent in uploads.texts.items():
                held = found.texts.get((space, name))
                if held is not None and held not in {text_of(name, each) for each in sent}:
                    faults.append(f"torn: {name} of {space} is none of what was sent")
        return faults

    async def _unsound(self) -> list[str]:
        """Return the backups that are not whole; the newest is restored and read."""
        place = self.folder / "backups"
        if not place.exists():
            return []
        found = Backups(self.data_dir, self._snapshot(self.data_dir, self.url), b"", FolderPlace(place)).list()
        self.tally.n_backups = max(self.tally.n_backups, len(found))
        for backup in found[-3:]:
            with (place / backup.name).open("rb") as source:
                verify(source, self._snapshot(self.folder / "x", self.url), None, lambda n: lambda done: None)
        return (
            [f"restored: {fault}" for fault in await self._faults_of_restored(place / found[-1].name)] if found else []
        )

    async def _faults_of_restored(self, backup: Path) -> Sequence[str]:
        name = f"restored_{self.tally.n_audits}"
        where, url = self.folder / name, await empty_database(self.url, name)
        with backup.open("rb") as source:
            await asyncio.to_thread(
                restore, source, where, self._snapshot(where, url), None, lambda n: lambda done: None
            )
        return (await audit(where, url)).faults

    def _snapshot(self, data_dir: Path, url: str) -> DatabaseSnapshot:
        return PostgresSnapshot(data_dir, url) if url else SqliteSnapshot(data_dir)


async def empty_database(url: str, name: str) -> str:
    """Return the address of a new database on the server of ``url``; empty for SQLite."""
    if not url:
        return ""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    return url.rpartition("/")[0] + f"/{name}"


def text_of(name: str, text: str) -> str:
    """Return what AION stores of a file with this text."""
    return parse(text.encode(), name, "", "en").text


async def chaos(
    folder: Path,
    url: str,
    seed: int,
    n_kills: int,
    audit_every: int = 25,
    tell: Callable[[Chaos], None] = lambda chaos: None,
) -> Chaos:
    """Kill AION ``n_kills`` times, and return what happened; it stops at the first audit that finds a fault."""
    (folder / "data").mkdir(parents=True)
    chance = random.Random(seed)
    async with AsyncExitStack() as stack:
        stack.enter_context(server_tools())
        telegram = await stack.enter_async_context(TelegramServer())
        discord = await stack.enter_async_context(DiscordServer())
        forking = await stack.enter_async_context(nursery("tests.e2e.quick_light"))
        lives = Chaos(folder, url, chance, TelegramPeople(telegram, chance), DiscordPeople(discord, chance), forking)
        await lives.begin()
        while lives.tally.n_kills < n_kills and not lives.tally.faults:
            for _ in range(audit_every):
                await lives.live()
            await lives.rest()
            tell(lives)
    return lives
