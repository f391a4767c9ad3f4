"""Two hundred people on each of the small platforms of ``tests/e2e``: they ask, and what they see is written down."""

from __future__ import annotations

import random
import sqlite3
import time
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from discord_faults import Cut, Failed, Late, RateLimited
from discord_server import DiscordServer

from bot.adapters.discord import rate_limits as discord_traffic
from bot.adapters.telegram import rate_limits as telegram_traffic
from bot.delivery.rate_limit import WriteLimit
from tests.e2e.platform_limits import Meter
from tests.e2e.telegram_faults import Broken, Dropped, Fault, Flood, Slow
from tests.e2e.telegram_server import TelegramServer

N_USERS, N_CHATS = 200, 20
NOTE = "I was interrupted while sending"


@dataclass(frozen=True)
class PlatformWrite:
    """Something the bot wrote: when, where, against which limit it counts there, and its text if it has one."""

    at_s: float
    place: Hashable
    limit: WriteLimit
    text: str | None


@dataclass
class QuestionLog:
    """When each question was asked, on ``time.monotonic``'s clock, by the answer it must get."""

    at_s: dict[str, float] = field(default_factory=dict)
    place: dict[str, int] = field(default_factory=dict)

    def text(self, n: int, kind: str, place: int) -> str:
        """Return a question of its own and note that it is asked now, in the chat of that id."""
        answer = f"Echo: q{n}{kind}."
        self.at_s[answer], self.place[answer] = time.monotonic(), place
        return f"q{n}{kind}."


class BenchWorld(ABC):
    """A platform with its people, either 20 groups of 10 or 200 private chats."""

    name: str
    overall: WriteLimit

    def __init__(self) -> None:
        self.asked = QuestionLog()

    @property
    @abstractmethod
    def settings(self) -> dict[str, str]:
        """Return what AION needs to find the platform."""

    @abstractmethod
    def ask(self, n: int, kind: str = "") -> None:
        """Let user ``n`` modulo 200 ask."""

    @abstractmethod
    def answers(self) -> Iterable[str]:
        """Return every visible answer as it reads now."""

    @abstractmethod
    def writes(self) -> list[PlatformWrite]:
        """Return everything that counts against the platform's limits, in order."""

    @abstractmethod
    def n_refused(self) -> int:
        """Return how often a limit of the platform was exceeded."""

    @abstractmethod
    def is_listening(self, life: int) -> bool:
        """Tell whether the bot of that life, counted from 1, hears what is said."""

    @abstractmethod
    def disturb(self, chance: random.Random) -> None:
        """Let something go wrong, now or with the next calls."""

    @abstractmethod
    def calm(self) -> None:
        """Let nothing further go wrong."""

    @abstractmethod
    def expected(self, data_dir: Path) -> set[str]:
        """Return the answers that are owed: to everything that was accepted."""

    @abstractmethod
    def told(self) -> Counter[int]:
        """Return how often somebody was told in each chat that an answer may be missing."""

    def untold(self, missing: set[str]) -> int:
        """Return of how many missing answers nobody was told in their chat."""
        return (Counter(self.asked.place[answer] for answer in missing) - self.told()).total()

    def counts(self) -> Counter[str]:
        """Return how often each answer is visible."""
        return Counter(self.answers())

    def n_doubled(self) -> int:
        """Return how many questions have more than one visible answer."""
        return sum(n > 1 for text, n in self.counts().items() if text in self.asked.at_s)

    def own_times_s(self) -> dict[str, float]:
        """Return each answer's time from question to first sight, less what the budgets impose.

        A write is due when its question has been asked and the budget of its place and of all places has room again,
        given when the earlier writes were made.
        """
        by_place: dict[Hashable, list[float]] = defaultdict(list)
        overall: list[float] = []
        own: dict[str, float] = {}
        for write in sorted(self.writes(), key=lambda write: write.at_s):
            times = by_place[write.place]
            asked_at_s = self.asked.at_s.get(write.text or "")
            if asked_at_s is not None:
                due_s = max(asked_at_s, _room_s(times, write.limit), _room_s(overall, self.overall))
                own.setdefault(write.text or "", write.at_s - due_s)
            times.append(write.at_s)
            overall.append(write.at_s)
        return own


def _room_s(times: list[float], limit: WriteLimit) -> float:
    return times[-limit.n] + limit.period_s if len(times) >= limit.n else 0.0


def telegram_settings(server: TelegramServer) -> dict[str, str]:
    """Return the settings with which AION finds the small Telegram."""
    return {"TELEGRAM_TOKEN": server.token, "TELEGRAM_API_BASE": server.url}


def discord_settings(server: DiscordServer) -> dict[str, str]:
    """Return the settings with which AION finds the small Discord."""
    return {
        "DISCORD_TOKEN": server.token,
        "DISCORD_API_BASE": server.api_base,
        "DISCORD_GATEWAY_URL": server.gateway_url,
    }


class TelegramWorld(BenchWorld):
    """The people on Telegram."""

    name = "Telegram"
    overall = telegram_traffic.OVERALL

    def __init__(self, server: TelegramServer, *, private: bool) -> None:
        super().__init__()
        self.server = server
        server.meter = Meter()
        self._people = [server.person(f"P{n}") for n in range(N_USERS)]
        self._chats = [server.private(p) for p in self._people] if private else []
        self._chats = self._chats or [server.group(f"Group {n}") for n in range(N_CHATS)]
        self._call_to = "" if private else "@aion_bot "

    @property
    def settings(self) -> dict[str, str]:
        return telegram_settings(self.server)

    def ask(self, n: int, kind: str = "") -> None:
        who = n % N_USERS
        chat = self._chats[who % len(self._chats)]
        self.server.say(chat, self._people[who], self._call_to + self.asked.text(n, kind, chat["id"]))

    def answers(self) -> Iterable[str]:
        return [m.text for m in self.server.shown if m.text.startswith("Echo") and not m.deleted]

    def writes(self) -> list[PlatformWrite]:
        found = []
        for call in self.server.calls:
            if call.method in COUNTED:
                chat_id = int(call.params["chat_id"])
                limit = telegram_traffic.GROUP if chat_id < 0 else telegram_traffic.PRIVATE_CHAT
                found.append(PlatformWrite(call.at_s, chat_id, limit, call.params.get("text")))
        return found

    def n_refused(self) -> int:
        return self.server.meter.n_refused if self.server.meter else 0

    def is_listening(self, life: int) -> bool:
        return self.server.is_polled

    def disturb(self, chance: random.Random) -> None:
        sends: list[Fault] = [Slow(0.3), Broken(502), Broken(500), Flood(1), Dropped(True), Dropped(False)]
        self.server.inject(chance.choice(["sendMessage", "editMessageText"]), chance.choice(sends))
        if chance.random() < 0.2:
            polls: list[Fault] = [Broken(), Dropped(True), Dropped(False), Slow(0.1), Flood(1)]
            self.server.inject("getUpdates", chance.choice(polls))
        if chance.random() < 0.5:
            self.server.redeliver(chance.choice(self.server.updates[-50:]))
        else:
            self.server.swap_last_updates()

    def calm(self) -> None:
        self.server._faults.clear()

    def expected(self, data_dir: Path) -> set[str]:
        return set(self.asked.at_s)

    def told(self) -> Counter[int]:
        return Counter(message.chat["id"] for message in self.server.shown if message.text.startswith(NOTE))


COUNTED = ("sendMessage", "editMessageText", "deleteMessage", "sendChatAction")


class DiscordWorld(BenchWorld):
    """The people on Discord."""

    name = "Discord"
    overall = discord_traffic.OVERALL

    def __init__(self, server: DiscordServer, *, private: bool) -> None:
        super().__init__()
        self.server = server
        server.meter, server.bucket = Meter(), (5, 5.0)
        self._people = [server.person(f"P{n}") for n in range(N_USERS)]
        self._private = private
        guild = server.guild("Library")
        self._chats = [server.dm(p) for p in self._people] if private else []
        self._chats = self._chats or [server.channel(guild, f"c{n}") for n in range(N_CHATS)]
        self._questions: dict[str, str] = {}
        self._n_breaks = 0

    @property
    def settings(self) -> dict[str, str]:
        return discord_settings(self.server)

    def ask(self, n: int, kind: str = "") -> None:
        who = n % N_USERS
        chat = self._chats[who % len(self._chats)]
        text = self.asked.text(n, kind, chat.id)
        said = self.server.say(chat, self._people[who], text, mentions_bot=not self._private)
        self._questions[f"discord:{said.id}"] = f"Echo: {text}"

    def answers(self) -> Iterable[str]:
        return [m.content for m in self.server.shown if m.content.startswith("Echo")]

    def writes(self) -> list[PlatformWrite]:
        found = []
        for call in self.server.calls:
            if call.path.startswith("/channels/"):
                kind = {"PATCH": "edit", "DELETE": "delete"}.get(call.method, call.path.rsplit("/", 1)[-1])
                place = call.path.split("/")[2], kind
                text = call.body.get("content") if call.body else None
                found.append(PlatformWrite(call.at, place, discord_traffic.CHANNEL, text))
        return found

    def n_refused(self) -> int:
        return self.server.n_over_bucket + (self.server.meter.n_refused if self.server.meter else 0)

    def is_listening(self, life: int) -> bool:
        return self.server.n_identified >= life and self.server.is_connected

    def disturb(self, chance: random.Random) -> None:
        faults: list[Any] = [Late(0.3), Failed(500), Failed(502, applied=True), Failed(503), RateLimited(0.5)]
        faults += [Cut(applied=False), Cut(applied=True)]
        self.server.inject(chance.choice([r"POST /channels/\d+/messages", r"PATCH /channels"]), chance.choice(faults))
        if chance.random() < 0.5:
            self.server.redeliver()
        else:
            self.server.swap_last_events()
        if chance.random() < 0.03:
            self._break_gateway()

    def _break_gateway(self) -> None:
        server = self.server
        ways: list[Callable[[], object]] = [
            server.drop_gateway,
            server.ask_to_reconnect,
            lambda: server.close_gateway(4000),
            lambda: server.invalidate_session(resumable=True),
            lambda: server.invalidate_session(resumable=False),
        ]
        ways[self._n_breaks % len(ways)]()
        self._n_breaks += 1

    def calm(self) -> None:
        self.server._faults.clear()

    def expected(self, data_dir: Path) -> set[str]:
        with sqlite3.connect(data_dir / "aion.db") as connection:
            keys = {key for (key,) in connection.execute("SELECT key FROM inbox")}
        return {answer for key, answer in self._questions.items() if key in keys}

    def told(self) -> Counter[int]:
        return Counter(message.channel.id for message in self.server.shown if message.content.startswith(NOTE))
