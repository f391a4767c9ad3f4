"""One person sends 500 messages at once: another's answers come nearly as soon as without them.

The whole core with a scripted generator that writes one reply after another, as a busy machine does, and a channel
that takes one message after another, as a platform does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

from bot.delivery.answering import MessageHandler
from bot.delivery.post import Capabilities, RenderedMessage
from bot.delivery.tasks import TaskSet
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.markdown import Markdown
from core.settings import Settings
from core.types import GLOBAL, Message, Person, Piece, Sampling, SpaceId
from plugins import load_plugins
from tests.fakes import ScriptedGenerator, WordEmbedder, message

N_FLOOD = 500
HERE, THERE = SpaceId("telegram:-1"), SpaceId("telegram:-2")
FLOOD, QUIET, OTHER, FOURTH = (Person(f"telegram:{n}", f"Person {n}") for n in range(1, 5))
WRITING_S, SENDING_S = 0.08, 0.02
THINGS = ("kiln", "barn", "dock", "mill", "loft", "tower")
N_ALLOWED = 12
TOPICS = [
    f"{colour} {thing}" for colour in ("red", "blue", "green", "grey", "white", "black", "pink") for thing in THINGS
]


class OneAtATime(ScriptedGenerator):
    """Writes one reply after another, first come, first served."""

    def __init__(self) -> None:
        super().__init__([])
        self._lock = asyncio.Lock()
        self.n_begun = 0

    async def stream(self, prompt: Any, sampling: Sampling) -> AsyncIterator[Piece]:
        async with self._lock:
            self.n_begun += 1
            await asyncio.sleep(WRITING_S)
            self.prompts.append(prompt)
            yield Piece("It opens at some time.", (-0.1,))


@dataclass
class Channel:
    """Takes one message after another, first come, first served."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    texts: list[str] = field(default_factory=list)


@dataclass
class ChannelPost:
    """The reply to one message (``bot.delivery.post.ReplyPost``)."""

    channel: Channel
    capabilities = Capabilities(max_units=4_000, measure=len, edit_interval_s=0.01, typing_interval_s=60.0)

    def render(self, markdown: Markdown) -> str:
        return markdown

    async def typing(self) -> None: ...

    async def admit(self, rendered: RenderedMessage) -> None: ...

    def in_flight(self) -> AbstractAsyncContextManager[object]:
        return nullcontext()

    async def send(self, rendered: RenderedMessage, index: int) -> int:
        async with self.channel.lock:
            await asyncio.sleep(SENDING_S)
            self.channel.texts.append(rendered.text)
        return index

    async def edit(self, handle: int, rendered: RenderedMessage) -> None: ...

    async def delete(self, handle: int) -> None: ...

    def serialize(self, handle: int) -> str:
        return str(handle)

    def restore(self, name: str) -> int:
        return int(name)

    def can_resend(self, index: int) -> bool:
        return False


@dataclass(frozen=True)
class Wait:
    """The seconds until a question was answered, and how many replies began to be written meanwhile, its own too."""

    seconds: float
    n_replies: int


@dataclass
class Community:
    """People who ask, each in a channel of a space."""

    aion: Aion
    messages: MessageHandler
    generator: OneAtATime
    n_said: int = 0

    async def ask(self, topic: str, person: Person, space: SpaceId, channel: Channel) -> Wait:
        """Return what a question waited for until it was answered."""
        self.n_said += 1
        n_begun = self.generator.n_begun
        said = message(f"When does the {topic} open?", key=str(self.n_said), person=person, space=space)
        began_s = time.perf_counter()
        await self.messages.answer(replace(said, platform="telegram"), ChannelPost(channel))
        return Wait(time.perf_counter() - began_s, self.generator.n_begun - n_begun)

    async def ask_all(self, topics: Sequence[str], person: Person, space: SpaceId, channel: Channel) -> list[Wait]:
        """Return the waits of several questions, asked one after another."""
        return [await self.ask(topic, person, space, channel) for topic in topics]


@asynccontextmanager
async def opened(folder: Path, **settings: float) -> AsyncIterator[Community]:
    chosen = Settings(_env_file=None, AION_DATA_DIR=folder, **settings)
    generator = OneAtATime()
    async with assemble(chosen, load_plugins(), embedder=WordEmbedder(), local=generator) as aion:
        for n, topic in enumerate(TOPICS):
            await aion.ingest.index_file(
                GLOBAL, f"{topic}.md", f"# {topic}\n\nThe {topic} opens at {n} o'clock.\n".encode()
            )
        tasks = TaskSet("Telegram")
        try:
            yield Community(aion, MessageHandler(aion.dispatch, "telegram", tasks, _nowhere), generator)
        finally:
            await tasks.finish(0)


def _nowhere(stored: Message) -> ChannelPost:
    raise AssertionError(stored.key)


async def test_a_flood_of_one_person_delays_nobody_else(tmp_path: Path) -> None:
    async with opened(tmp_path) as community:
        crowded = Channel()
        await _require_quick(community, crowded)
    assert sum("Ask me again" in text for text in crowded.texts) == 1
    assert len(crowded.texts) == N_ALLOWED + 1 + 9


async def test_nor_does_it_where_the_operator_set_no_limits(tmp_path: Path) -> None:
    names = ("PERSON", "SPACE", "EVERYONE")
    async with opened(tmp_path, **{f"AION_LIMIT_{name}_PER_MINUTE": 0 for name in names}) as community:
        crowded = Channel()
        await _require_quick(community, crowded)
    assert not any("Ask me again" in text for text in crowded.texts)


async def _require_quick(community: Community, crowded: Channel) -> None:
    """Flood a channel, and ask in it and elsewhere.

    What is required is counted in replies, which a busy machine does not change: a question waits for at most one reply
    of another person before its own. The ratio of the medians in seconds is printed; at most 1.5 is wanted.
    """
    await community.ask(TOPICS[0], OTHER, THERE, Channel())
    quiet = await community.ask_all(TOPICS[1:10], QUIET, HERE, Channel())
    flooding = [asyncio.create_task(community.ask(TOPICS[10 + n % 12], FLOOD, HERE, crowded)) for n in range(N_FLOOD)]
    await asyncio.sleep(0)
    here = await community.ask_all(TOPICS[22:31], OTHER, HERE, crowded)
    there = await community.ask_all(TOPICS[31:40], FOURTH, THERE, Channel())
    await asyncio.wait(flooding, timeout=10)
    for task in flooding:
        task.cancel()
    await asyncio.gather(*flooding, return_exceptions=True)
    quiet_s = median(each.seconds for each in quiet)
    assert [each.n_replies for each in quiet] == [1] * len(quiet)
    for name, waits in (("here", here), ("there", there)):
        ratio = median(each.seconds for each in waits) / quiet_s
        n_replies = [each.n_replies for each in waits]
        print(f"quiet {quiet_s:.3f} s; {name} {ratio:.2f} times as long, replies {n_replies}")
        assert median(n_replies) <= 2
        assert max(n_replies) <= 4
