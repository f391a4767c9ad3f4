"""Hand-written stand-ins for the heavy parts. They behave like the real thing, in small.

Shipped for plugin authors too: a fake generator that remembers its prompts, an embedder that sees words, an outlet
that collects what was sent.
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from core.errors import GenerationFailed
from core.ports import AudienceJudge
from core.types import (
    LANGUAGES,
    Attachment,
    EngineState,
    HeardMessage,
    Language,
    Matrix,
    Message,
    Person,
    Piece,
    Platform,
    PromptTurn,
    Reply,
    Sampling,
    SpaceId,
    Vector,
    Watch,
)
from core.types.delivery import DeliveredPart, UnfinishedMessage


class WordEmbedder:
    """Embeds a text as its bag of hashed words: texts that share words are near, as with a real embedder."""

    id = "words-256"
    dim = 256

    def __init__(self) -> None:
        self.n_embedded = 0

    def embed_query(self, text: str) -> Vector:
        return self.embed_passages([text])[0]

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        self.n_embedded += len(texts)
        matrix = np.full((len(texts), self.dim), 1e-3, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                matrix[row, zlib.crc32(word.encode()) % self.dim] += 1
        return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)

    def warm(self) -> None:
        pass


class MeaningEmbedder:
    """Knows that borrowing is taking home, as a model does that was trained on paraphrases."""

    id = "meaning"
    dim = 2

    def embed_query(self, text: str) -> Vector:
        return self.embed_passages([text])[0]

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        is_about_it = [float("borrow" in text or "taken home" in text) for text in texts]
        return np.array([[known, 1 - known] for known in is_about_it], np.float32)

    def warm(self) -> None:
        pass


@dataclass
class ScriptedGenerator:
    """Writes the replies it was given, word by word, and remembers every prompt. An empty queue is a failure."""

    replies: list[str]
    name: str = "local"
    model: str = "scripted"
    languages: frozenset[Language] = frozenset(LANGUAGES)
    prompts: list[Sequence[PromptTurn]] = field(default_factory=list)
    context_tokens: int = 2048
    style: Literal["brief", "full"] = "full"

    async def stream(self, prompt: Sequence[PromptTurn], sampling: Sampling) -> AsyncIterator[Piece]:
        self.prompts.append(prompt)
        if not self.replies:
            raise GenerationFailed("the script is at its end")
        for word in re.findall(r"\S+\s*", self.replies.pop(0)):
            yield Piece(word, (-0.5,))

    @property
    def prompt_tokens(self) -> int:
        return self.context_tokens

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def warm(self) -> None:
        pass


@dataclass
class CollectingOutlet:
    """Keeps everything that was shown, in order."""

    progresses: list[str] = field(default_factory=list)
    partials: list[str] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)

    async def progress(self, text: str) -> None:
        self.progresses.append(text)

    async def partial(self, text: str) -> None:
        self.partials.append(text)

    async def send(self, reply: Reply) -> None:
        self.replies.append(reply)

    @property
    def text(self) -> str:
        """Return the one reply there must be, with what it lists."""
        (reply,) = self.replies
        return "\n".join([reply.text, *(item.text for item in reply.items)])


class NoChannels:
    """The watched channels of a core that watches none."""

    def __init__(self) -> None:
        self.event = asyncio.Event()

    async def watching(self, platform: Platform) -> Sequence[Watch]:
        return ()

    def news(self, platform: Platform) -> asyncio.Event:
        return self.event


class Unlimited:
    """The part of a core that holds limits and private replies, without any; it hears nothing."""

    @property
    def watched_channels(self) -> Any:
        return NoChannels()

    def is_silenced(self, space: SpaceId, person: Person) -> bool:
        return False

    def admit_press(self, space: SpaceId, person: Person) -> bool:
        return True

    async def open_private_chat(self, platform: Platform, space: SpaceId) -> bool:
        return False

    def judge_audiences(self, platform: Platform, judge: AudienceJudge) -> None:
        self.judge = judge

    async def hear(self, heard: HeardMessage) -> Message | None:
        return None

    async def hear_edit(self, heard: HeardMessage) -> None:
        pass

    async def hear_deletion(self, space: SpaceId, key: str) -> None:
        pass


class MemoryInbox:
    """Keeps what was taken on, as the real inbox does, for as long as the process lives."""

    def __init__(self) -> None:
        self.seen: set[tuple[SpaceId, str]] = set()
        self.left: list[UnfinishedMessage] = []
        self.arrived = asyncio.Event()

    async def accept(self, message: Message) -> bool:
        return await self.claim(message.space, message.key)

    async def revise(self, message: Message, parts: Sequence[DeliveredPart]) -> None:
        self.seen.add((message.space, message.key))

    async def claim(self, space: SpaceId, key: str) -> bool:
        is_new = (space, key) not in self.seen
        self.seen.add((space, key))
        return is_new

    async def unfinished(self, platform: Platform) -> Sequence[UnfinishedMessage]:
        return [each for each in self.left if each.message.platform == platform]

    def news(self, platform: Platform) -> asyncio.Event:
        return self.arrived

    async def close(self, message: Message) -> None:
        self.left = [each for each in self.left if each.message.key != message.key]

    def journal(self, message: Message, parts: Sequence[DeliveredPart] = ()) -> MemoryJournal:
        return MemoryJournal(list(parts))


@dataclass
class MemoryJournal:
    """Remembers the parts of one reply."""

    parts: list[DeliveredPart] = field(default_factory=list)
    shown_at: dict[str, int] = field(default_factory=dict)

    async def note(self, position: int, part: DeliveredPart | None) -> None:
        self.parts[position : position + 1 if part else None] = [part] if part else []

    async def shown(self, answer_id: int, handle: str) -> None:
        self.shown_at[handle] = answer_id


MEMBER = Person("terminal:ana", "Ana")
MODERATOR = Person("terminal:rui", "Rui", is_moderator=True)
SPACE = SpaceId("terminal:ana")


def message(text: str, *, key: str, person: Person = MEMBER, space: SpaceId = SPACE, **rest: object) -> Message:
    """Return a message as a terminal would send it."""
    return Message(key=key, platform="terminal", space=space, conversation=space, person=person, text=text, **rest)  # type: ignore[arg-type]


def attachment(name: str, data: bytes) -> Attachment:
    """Return a file held in memory."""

    async def read() -> bytes:
        return data

    return Attachment(name, len(data), read)


@dataclass
class TickingGenerator:
    """Writes ``text`` word by word with ``pause_s`` between them, to any number of readers; knows who is reading."""

    text: str = "tick tock"
    pause_s: float = 0.0
    name: str = "local"
    model: str = "ticking"
    languages: frozenset[Language] = frozenset(LANGUAGES)
    context_tokens: int = 2048
    prompt_tokens: int = 100_000
    style: Literal["brief", "full"] = "full"
    n_running: int = 0
    n_asked: int = 0
    last: tuple[Sequence[PromptTurn], Sampling] | None = None

    async def stream(self, prompt: Sequence[PromptTurn], sampling: Sampling) -> AsyncGenerator[Piece, None]:
        self.n_asked += 1
        self.last = prompt, sampling
        self.n_running += 1
        try:
            for word in re.findall(r"\S+\s*", self.text)[: sampling.max_new_tokens]:
                await asyncio.sleep(self.pause_s)
                yield Piece(word, (-0.5,), "v7")
        finally:
            self.n_running -= 1

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def warm(self) -> None:
        pass

    def state(self) -> EngineState:
        return EngineState("cpu", "v7", is_warm=True, n_running=self.n_running, n_waiting=0)
