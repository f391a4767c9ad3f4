"""People on the two small platforms who ask, rate, teach and review while AION is killed, and what they are owed."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from discord_server import DiscordServer
from discord_things import Interaction
from discord_things import Message as Posted

from core.types import SpaceId, Thumb
from tests.e2e.telegram_server import TelegramServer
from tests.e2e.telegram_world import Shown

NOTE = "I was interrupted while sending"
LEFT = "I was interrupted several times"
THUMBS: dict[Thumb, str] = {"up": "👍", "down": "👎"}


@dataclass
class Uploads:
    """The texts that were sent under each name in each space, and the names that AION said it learned."""

    texts: dict[tuple[SpaceId, str], list[str]] = field(default_factory=dict)
    learned: set[tuple[SpaceId, str]] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=count)

    def new(self, space: SpaceId, chance: random.Random) -> tuple[str, bytes]:
        """Return a file, often another text under a name that was sent before."""
        name, version = f"shelf{chance.randrange(6)}.md", next(self._numbers)
        sections = [
            f"## Cupboard {version}-{n}\n\nThe code of cupboard {version}-{n} is K{chance.randrange(10**6)}. " * 9
            for n in range(chance.randrange(1, 12))
        ]
        text = f"# Shelf {version}\n\n" + "\n\n".join(sections) + "\n"
        self.texts.setdefault((space, name), []).append(text)
        return name, text.encode()

    def new_global(self, chance: random.Random) -> tuple[str, bytes]:
        """Return a file for everybody."""
        return self.new(SpaceId("global"), chance)


@dataclass(frozen=True)
class Kept:
    """What the database holds: keys of accepted messages, thumbs by answer, and states of proposals by name."""

    keys: frozenset[str]
    thumbs: Mapping[int, list[Thumb]]
    proposals: Mapping[str, str]


class ChaosPeople(ABC):
    """The people of one platform. Questions are asked once each, and each answer is rated at most once."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.uploads = Uploads()
        self.rated: dict[int, Thumb] = {}
        self.thanked: set[int] = set()
        self._numbers = count()

    @property
    @abstractmethod
    def settings(self) -> dict[str, str]:
        """Return what AION needs to find the platform."""

    @abstractmethod
    def act(self) -> None:
        """Let somebody do something."""

    @property
    @abstractmethod
    def n_asked(self) -> int:
        """Return how many questions were asked."""

    @abstractmethod
    def owed(self, keys: frozenset[str]) -> list[str]:
        """Return the accepted messages without a reply, and of which nobody was told that it may be missing."""

    @abstractmethod
    def doubled(self) -> list[str]:
        """Return the messages with more than one reply."""

    @abstractmethod
    def n_left(self) -> int:
        """Return how many were told that their question was left after several interruptions."""

    def question(self) -> str:
        """Return a question that nobody asked before."""
        cupboard = f"{self.chance.randrange(40)}-{self.chance.randrange(9)}"
        return f"What is the code of cupboard {cupboard}, number {next(self._numbers)}?"

    def faults(self, kept: Kept) -> list[str]:
        """Return everything that was promised and is not so."""
        lost = [f"answer {n}: {self.rated[n]} was pressed and thanked for" for n in sorted(self.thanked)]
        lost = [
            text for text, n in zip(lost, sorted(self.thanked), strict=True) if kept.thumbs.get(n) != [self.rated[n]]
        ]
        return [
            *(f"unanswered: {each}" for each in self.owed(kept.keys)),
            *(f"answered twice: {each}" for each in self.doubled()),
            *(f"rating lost: {each}" for each in lost),
            *(
                f"rated otherwise: answer {n} is {found}, pressed {self.rated.get(n)}"
                for n, found in kept.thumbs.items()
                if n in self.rated and found != [self.rated[n]]
            ),
        ]


class TelegramPeople(ChaosPeople):
    """Members who ask in private chats of their own, and moderators who teach in groups."""

    def __init__(self, server: TelegramServer, chance: random.Random) -> None:
        super().__init__(chance)
        self.server = server
        self._admins = [server.person(f"Mod{n}") for n in range(6)]
        self._groups = [server.group(f"Club {n}", admins=[admin]) for n, admin in enumerate(self._admins)]
        self._asked: dict[int, tuple[Any, Any]] = {}
        self._presses: dict[str, int] = {}
        self._n_seen = 0

    @property
    def settings(self) -> dict[str, str]:
        return {"TELEGRAM_TOKEN": self.server.token, "TELEGRAM_API_BASE": self.server.url}

    @property
    def n_asked(self) -> int:
        return len(self._asked)

    def act(self) -> None:
        roll = self.chance.random()
        if roll < 0.6:
            person = self.server.person(f"P{len(self._asked)}")
            chat = self.server.private(person)
            self._asked[chat["id"]] = person, self.server.say(chat, person, self.question())
        elif roll < 0.9:
            self._press()
        else:
            n = self.chance.randrange(len(self._groups))
            group = self._groups[n]
            name, data = self.uploads.new(SpaceId(f"telegram:{group['id']}"), self.chance)
            self.server.upload(group, self._admins[n], name, data, caption="/index@aion_bot")

    def _press(self) -> None:
        shown = [each for each in self.server.shown[-60:] if self._answer_id(each) not in (None, *self.rated)]
        if shown:
            message, thumb = self.chance.choice(shown), self.chance.choice(("up", "down"))
            answer_id = self._answer_id(message)
            person, _ = self._asked[message.chat["id"]]
            assert answer_id is not None
            self.rated[answer_id] = thumb
            self._presses[self.server.press(message, THUMBS[thumb], person)] = answer_id

    def _answer_id(self, message: Shown) -> int | None:
        datas = [str(button["callback_data"]) for button in message.buttons]
        found = [int(data.rsplit(":", 1)[1]) for data in datas if data.startswith("rate:")]
        return found[0] if found and message.chat["id"] in self._asked else None

    def _replies(self) -> dict[int, list[Shown]]:
        replies: dict[int, list[Shown]] = {chat_id: [] for chat_id in self._asked}
        for message in self.server.shown:
            if message.chat["id"] in replies and not message.deleted:
                replies[message.chat["id"]].append(message)
        return replies

    def owed(self, keys: frozenset[str]) -> list[str]:
        """Return the questions without any reply; each was delivered, as Telegram keeps what was not confirmed."""
        return [
            f"{self._asked[chat_id][1]['text']} (chat {chat_id})"
            for chat_id, seen in self._replies().items()
            if not seen
        ]

    def doubled(self) -> list[str]:
        real = {chat_id: [m for m in seen if not m.text.startswith(NOTE)] for chat_id, seen in self._replies().items()}
        return [
            f"{self._asked[chat_id][1]['text']}: {[m.text[:80] for m in seen]}"
            for chat_id, seen in real.items()
            if len(seen) > 1
        ]

    def n_left(self) -> int:
        return sum(message.text.startswith(LEFT) for message in self.server.shown)

    def n_not_heard(self) -> int:
        """Return how much of what was said and pressed AION did not confirm yet."""
        return len(self.server._waiting(None))

    def n_waiting(self) -> int:
        """Return how many wait for an answer."""
        answered = {message.chat["id"] for message in self.server.shown if not message.deleted}
        return len(self._asked.keys() - answered)

    def n_told(self) -> int:
        """Return how many were told that a part of their answer may be missing."""
        return sum(message.text.startswith(NOTE) for message in self.server.shown)

    def faults(self, kept: Kept) -> list[str]:
        """Return what ``ChaosPeople.faults`` does, and presses that Telegram delivered and that count nowhere."""
        lost = [
            f"rating lost: answer {n}, pressed {self.rated[n]}" for n in self._presses.values() if n not in kept.thumbs
        ]
        return [*super().faults(kept), *lost]


class DiscordPeople(ChaosPeople):
    """Members who mention AION in channels, and a moderator who teaches files and messages and reviews these."""

    def __init__(self, server: DiscordServer, chance: random.Random) -> None:
        super().__init__(chance)
        self.server = server
        self.moderator = server.person("Ana")
        self._people = [server.person(f"P{n}") for n in range(12)]
        self.guild = server.guild("Library", moderators=[self.moderator])
        self._channels = [server.channel(self.guild, f"c{n}") for n in range(8)]
        self.staff = server.channel(self.guild, "staff")
        self._asked: list[Posted] = []
        self._thumbs: list[tuple[Interaction, int]] = []
        self.commands: list[Interaction] = []
        self.decided: dict[int, tuple[Interaction, str]] = {}

    @property
    def settings(self) -> dict[str, str]:
        server = self.server
        addresses = {"DISCORD_API_BASE": server.api_base, "DISCORD_GATEWAY_URL": server.gateway_url}
        return {"DISCORD_TOKEN": server.token, **addresses}

    @property
    def n_asked(self) -> int:
        return len(self._asked)

    @property
    def space(self) -> SpaceId:
        return SpaceId(f"discord:{self.guild.id}")

    def act(self) -> None:
        roll = self.chance.random()
        channel = self.chance.choice(self._channels)
        if roll < 0.55:
            asker = self.chance.choice(self._people)
            self._asked.append(self.server.say(channel, asker, self.question(), mentions_bot=True))
        elif roll < 0.75:
            self._press()
        elif not self.server.commands:
            return
        elif roll < 0.83:
            file = self.uploads.new(self.space, self.chance)
            self.commands.append(self.server.slash("index", self.moderator, channel, file=file))
        elif roll < 0.93:
            fact = f"The key of locker {next(self._numbers)} hangs behind door {self.chance.randrange(10**6)}."
            said = self.server.say(channel, self.moderator, fact)
            self.commands.append(self.server.menu("Teach AION this message", said, self.moderator))
        else:
            self._review()

    def _press(self) -> None:
        shown = [m for m in list(self.server.messages.values())[-150:] if self._answer_id(m) not in (None, *self.rated)]
        if shown:
            message, thumb = self.chance.choice(shown), self.chance.choice(("up", "down"))
            answer_id = self._answer_id(message)
            assert answer_id is not None and message.reference is not None
            self.rated[answer_id] = thumb
            self._thumbs.append((self.server.press(message, THUMBS[thumb], message.reference.author), answer_id))

    def _answer_id(self, message: Posted) -> int | None:
        if message.is_deleted or "👍" not in message.buttons or message.reference is None:
            return None
        return int(message.buttons["👍"].rsplit(":", 1)[1])

    def _review(self) -> None:
        cards = [
            m
            for m in self.server.shown
            if m.channel is self.staff and "Approve" in m.buttons and m.id not in self.decided
        ]
        if cards:
            card, decision = self.chance.choice(cards), self.chance.choice(("Approve", "Approve", "Reject"))
            call = self.server.press(card, decision, self.moderator)
            self.decided[card.id] = call, decision
            self.commands.append(call)

    def owed(self, keys: frozenset[str]) -> list[str]:
        answered = {m.reference for m in self.server.shown if m.reference is not None}
        asked = [m for m in self._asked if f"discord:{m.id}" in keys and m not in answered]
        called = [
            f"{call.kind} of {call.message and call.message.content[:80]}"
            for call in self.commands
            if f"discord:interaction:{call.id}" in keys and call.acknowledged and not self._seen(call)
        ]
        return [f"discord:{m.id} {m.content}" for m in asked] + called

    def doubled(self) -> list[str]:
        replies = Counter(
            m.reference for m in self.server.shown if m.reference is not None and not m.content.startswith(NOTE)
        )
        twice = [f"{m.content}: {n}" for m, n in replies.items() if m in self._asked and n > 1]
        return twice + [
            str([m.content[:80] for m in self._seen(call)]) for call in self.commands if len(self._seen(call)) > 1
        ]

    def n_not_heard(self, keys: frozenset[str]) -> int:
        """Return how many questions never reached AION, as they were asked while no session heard them."""
        return sum(f"discord:{m.id}" not in keys for m in self._asked)

    def n_left(self) -> int:
        return sum(message.content.startswith(LEFT) for message in self.server.shown)

    def faults(self, kept: Kept) -> list[str]:
        self.thanked = {n for call, n in self._thumbs if any("Thanks!" in m.content for m in self._seen(call))}
        shown = [
            (m.content.split("“")[1].split("”")[0], call)
            for call, _ in self.decided.values()
            for m in self._seen(call)
            if "approved #" in m.content
        ]
        lost = [f"approval lost: {title}" for title, _ in shown if kept.proposals.get(title) != "approved"]
        hanging = [
            f"rating lost: answer {n}, whose press was acknowledged"
            for call, n in self._thumbs
            if call.acknowledged and n not in kept.thumbs
        ]
        return [*super().faults(kept), *lost, *hanging]

    def _seen(self, call: Interaction) -> list[Posted]:
        return [m for m in call.messages if not m.is_thinking and not m.is_deleted and not m.content.startswith(NOTE)]
