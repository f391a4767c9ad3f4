"""Visibility follows the channel: over random layouts, no place says what one of its readers may not read.

One community whose channels and roles were each taught a secret of their own. A layout says who reads what; whatever
comes out at a place is compared with what each person who reads that place may read.
"""

from __future__ import annotations

import random
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.adapters.discord.readers import EVERYBODY, ChannelReaders
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble, utc_now
from core.chat.notices import Notices
from core.ops.digest import WeeklyDigest
from core.services.setting_schema import MODERATORS
from core.settings import Settings
from core.storage.curation.proposals import NewProposal
from core.storage.schema import inbox
from core.types import GLOBAL, Message, Person, SpaceId, readers_of
from plugins import load_plugins
from tests.discord_layouts import CHANNELS, EVERYONE, ROLES, Layout, random_layout
from tests.fakes import CollectingOutlet, ScriptedGenerator, WordEmbedder
from tests.stored import new_document

EVERY = 20
"""Of so many layouts, one is tried through every surface; the others through some that read the stores at once."""

GUILD = SpaceId("discord:1")
SPACES = tuple(
    SpaceId(f"{GUILD}{audience}")
    for audience in ("", *(f"/channel-{each}" for each in CHANNELS), *(f"/role-{each}" for each in ROLES[:2]))
)
TOPICS = ("badger", "heron", "otter", "walrus", "gecko", "lynx", "puffin")
EVA = Person("discord:9", "Eva", is_moderator=True)
_SECRET = re.compile(r"zq[a-z]+[0-9]+")


def secret(space: SpaceId) -> str:
    return f"zqcode{SPACES.index(space)}"


@dataclass
class Judge:
    """Compares a layout's channels, as the Discord adapter does its servers'."""

    layout: Layout = field(default_factory=lambda: random_layout(random.Random(0)))

    def readable(self, conversation: str, audiences: Sequence[SpaceId]) -> tuple[SpaceId, ...]:
        here = self.layout.readers(conversation)
        return tuple(
            each
            for each in audiences
            if any(here.is_within(self._readers(reader), self.layout.roles) for reader in readers_of(each))
        )

    def _readers(self, reader: str) -> ChannelReaders:
        kind, _, number = reader.partition("-")
        if kind == "channel":
            return self.layout.readers(number)
        return ChannelReaders(everyone=False, allowed=frozenset({int(number)}))

    def home(self, channel: str) -> SpaceId:
        is_open = EVERYBODY.is_within(self.layout.readers(channel), self.layout.roles)
        return GUILD if is_open else SpaceId(f"{GUILD}/channel-{channel}")

    def may_see(self, channel: str, space: SpaceId) -> bool:
        """Return whether each person who reads a channel may read what a space's audience may."""
        if space == GUILD:
            return True
        kind, _, number = readers_of(space)[0].partition("-")
        if kind == "channel":
            return self.layout.everybody_reads(channel, number)
        readers = [roles for roles, member in self.layout.people() if self.layout.reads(channel, roles, member)]
        return all(int(number) in roles for roles in readers)


@dataclass
class Community:
    """A community in which every audience was taught something. ``owners`` are the spaces whose secrets words are."""

    aion: Aion
    judge: Judge
    owners: dict[str, SpaceId]
    n_said: int = 0
    n_answers: int = 0

    async def say(self, channel: str, text: str, command: str | None = None, **arguments: str) -> str:
        """Return all that is shown at a channel for a message or a command."""
        self.n_said += 1
        key, space = f"discord:{self.n_said}", self.judge.home(channel)
        address = {"channel": channel, "link": "https://discord.invalid/1"}
        said = Message(key, "discord", space, channel, EVA, text, command=command, arguments=arguments, address=address)
        outlet = CollectingOutlet()
        await self.aion.dispatch.handle(said, outlet)
        return "\n".join(f"{each.text}{[source.quote for source in each.sources]}" for each in outlet.replies)

    async def everything(self, channel: str, draw: random.Random) -> AsyncIterator[tuple[str, str]]:
        """Yield what each surface shows at a channel."""
        topic = draw.choice(TOPICS)
        yield "answer", await self.say(channel, f"What is the {topic} code of the house?")
        yield "follow-up", await self.say(channel, f"And the {draw.choice(TOPICS)}?")
        marker = f"zqgap{self.n_said}"
        self.owners[marker] = self.judge.home(channel)
        yield "unanswered", await self.say(channel, f"Who feeds {marker} at midnight?")
        for number in draw.sample(range(1, self.n_said), min(3, self.n_said - 1)):
            yield "sources", await self.say(channel, "", "sources", answer=str(number))
            yield "again", await self.say(channel, "", "again", answer=str(number))
        for command in ("docs", "gaps", "stats", "learned", "pending", "watches"):
            if self.aion.dispatch.registry.get(command):
                yield command, await self.say(channel, "", command)
        program, token = await self.aion.stores.programs.add(self.judge.home(channel), "p")
        result = await (await self.aion.programs.admit(token)).ask(f"What is the {topic} code of the house?")
        yield "program", f"{result.answer} {result.sources}"
        await self.aion.stores.programs.revoke(program.id)
        yield "talk", await self.say(channel, "what do you know?")
        scope = await self.aion.dispatch.audiences.scope(self.judge.home(channel), channel)
        yield "map", str(await self.aion.services.documents.of(scope).knowledge_map())
        await self.aion.stores.spaces.set_value(GUILD, MODERATORS, draw.choice(CHANNELS))
        for number in draw.sample(range(1, self.n_said), min(3, self.n_said - 1)):
            yield "human", await self.say(channel, "", "human", answer=str(number))
        stats, stores = self.aion.services.stats, self.aion.stores
        audiences, spaces = self.aion.dispatch.audiences, stores.spaces
        notices = Notices(stores.inbox, self.aion.dispatch.channels, spaces, "en", audiences)
        digest = WeeklyDigest(spaces, stats, stores.documents, stores.gaps, notices, utc_now, audiences)
        yield "digest", str(await digest._compose(await audiences.scope(GUILD, channel)))

    async def quick(self, channel: str, draw: random.Random) -> AsyncIterator[tuple[str, str]]:
        """Yield what the stores give for a channel's scope."""
        audiences = self.aion.dispatch.audiences
        scope = await audiences.scope(self.judge.home(channel), channel)
        services = self.aion.services
        found = await self.aion._searcher.search(scope, f"{draw.choice(TOPICS)} code", "en")
        yield "search", " ".join(hit.passage.text for hit in found.hits)
        yield "spelling", found.question.text
        match draw.randrange(5):
            case 0:
                yield "documents", str(await services.documents.of(scope).documents())
            case 1:
                for names in ("document", "proposal"):
                    found_names = await self.aion.dispatch.complete(scope.space, channel, EVA, names, "")
                    yield "completion", str(found_names)
            case 2:
                yield "proposals", str(await services.reviews.at(scope, EVA).pending())
            case 3:
                yield "quiz", str(await services.quiz.of(scope).question())
            case 4:
                yield "gaps", str(await self.aion.stores.gaps.first(scope, 50))

    async def notices(self) -> list[tuple[str, str]]:
        """Return where AION said what unasked since the last time."""
        database = self.aion.stores.database
        rows = await database.rows(select(inbox).where(inbox.c.state == "answered"))
        await database.write_all([update(inbox).values(state="closed", reply=None)])
        return [(row.message["conversation"], str(row.reply["text"])) for row in rows if row.reply]

    def leaks(self, channel: str, shown: str) -> Iterator[str]:
        for word in _SECRET.findall(shown):
            if not self.judge.may_see(channel, self.owners[word]):
                yield word


@pytest.fixture
async def community(tmp_path: Path) -> AsyncIterator[Community]:
    settings = Settings.model_validate({"AION_DATA_DIR": tmp_path, "AION_LIMIT_MODERATOR": 0, "AION_LIMIT_SPACE": 0})
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as aion:
        judge = Judge()
        aion.dispatch.judge_audiences("discord", judge)
        for space, topic in zip(SPACES, TOPICS, strict=True):
            text = f"# The {topic} house {secret(space)}\n\nThe {topic} code of the house is {secret(space)} 4 times.\n"
            await aion.ingest.index_file(space, f"{topic}-{secret(space)}.md", text.encode())
            waiting = new_document(f"{topic}.txt", f"The {topic} waits, {secret(space)}.", title=secret(space))
            await aion.services.reviews.add(space, NewProposal(waiting, "", "", (waiting.text,)))
        await aion.ingest.index_file(GLOBAL, "all.md", b"# All\n\nEverybody in the house eats 3 times a day.\n")
        yield Community(aion, judge, {secret(space): space for space in SPACES})


@pytest.mark.parametrize("n_layouts", [40, pytest.param(500, marks=pytest.mark.slow)])
async def test_no_place_shows_what_one_of_its_readers_may_not_read(community: Community, n_layouts: int) -> None:
    draw = random.Random(n_layouts)
    n_shown = 0
    for n in range(n_layouts):
        community.judge.layout = random_layout(draw)
        channel = draw.choice(CHANNELS)
        surfaces = community.everything if n % EVERY == 0 else community.quick
        async for surface, shown in surfaces(channel, draw):
            n_shown += len(_SECRET.findall(shown))
            assert not list(community.leaks(channel, shown)), (n, surface, channel, community.judge.layout, shown)
        for where, shown in await community.notices() if n % EVERY == 0 else ():
            assert not list(community.leaks(where, shown)), (n, "notice", where, community.judge.layout, shown)
    assert n_shown > n_layouts, "much is shown that may be"


async def test_a_judge_that_lets_everything_through_is_found_out(community: Community) -> None:
    community.judge.layout = Layout({EVERYONE: True}, {each: {EVERYONE: False, ROLES[0]: True} for each in CHANNELS})
    here = CHANNELS[0]
    closed = {**community.judge.layout.overwrites, CHANNELS[1]: {EVERYONE: False, ROLES[1]: True}}
    assert "zqcode2" in await community.say(here, "What is the otter code of the house?")
    community.judge.layout = Layout({EVERYONE: True}, closed)
    shown = await community.say(here, "What is the otter code of the house?")
    assert "zqcode2" not in shown
    assert list(community.leaks(here, "zqcode2")) == ["zqcode2"], "it would be told"
