"""The seams of the core: what each layer asks of the one beside it, as small Protocols.

An implementation need not inherit; it needs only to have these methods.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from core.commands import Registry
from core.types import (
    Decision,
    EngineState,
    Language,
    LoraVersion,
    Matrix,
    Message,
    Page,
    Passage,
    Person,
    Piece,
    Platform,
    PromptTurn,
    Reply,
    Sampling,
    SearchResult,
    SpaceChanges,
    SpaceId,
    Thumb,
    Vector,
)
from core.types.delivery import DeliveredPart, UnfinishedMessage


class Embedder(Protocol):
    """Turns text into L2-normalised vectors. Its methods block and are safe to call from several threads."""

    @property
    def id(self) -> str:
        """Name the model and its settings; vectors of different ids never mix."""
        ...

    @property
    def dim(self) -> int:
        """Return the length of a vector."""
        ...

    def embed_query(self, text: str) -> Vector:
        """Embed one question, shape ``(dim,)``."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        """Embed passages in batches, shape ``(len(texts), dim)``."""
        ...

    def warm(self) -> None:
        """Load what is otherwise loaded when it is first needed."""
        ...


class PassageEmbedders(Protocol):
    """The embedders whose vectors a new passage is stored with."""

    @property
    def writing(self) -> tuple[Embedder, ...]:
        """Return them, the one in service first; during a migration its successor follows."""
        ...

    async def require_comparable(self, space: SpaceId) -> None:
        """Raise ``Unavailable`` when the vectors stored in ``space`` cannot be compared with theirs."""
        ...


class PassageStore(Protocol):
    """The database's searchable passages, as the derived indexes read them. Ids are never used twice.

    The revision is the change counter of one space: it grows, in the same transaction, with everything that makes a
    passage searchable (stored, approved, re-embedded) or stops it being so (removed, replaced, withdrawn).
    """

    async def revision(self, space: SpaceId) -> int:
        """Return the space's revision; 0 for one that never held a passage."""
        ...

    def revisions(self, spaces: Sequence[SpaceId]) -> Mapping[SpaceId, int]:
        """Return the revisions of those of ``spaces`` that ever held a passage. Called for every question: cheap.

        Blocks: for a thread that is off the event loop already.
        """
        ...

    async def changes(self, space: SpaceId, after: int, embedder_id: str) -> SpaceChanges:
        """Return what changed after revision ``after`` (0: everything searchable) among passages of that embedder."""
        ...

    async def count(self, space: SpaceId, embedder_id: str) -> int:
        """Return how many passages of that embedder are searchable. Walks through all of them."""
        ...

    async def embedded(self, space: SpaceId, ids: Sequence[int], embedder_id: str) -> tuple[Sequence[Passage], Matrix]:
        """Return these passages and their vectors, row by row, ascending by id; ones gone meanwhile are left out."""
        ...

    async def passages(self, space: SpaceId, ids: Sequence[int]) -> Sequence[Passage]:
        """Return these passages, in any order; ones gone meanwhile, and other spaces' ones, are left out."""
        ...

    def read(self, space: SpaceId, ids: Sequence[int]) -> Sequence[Passage]:
        """Return the same as ``passages``. Blocks: for a thread that is off the event loop already."""
        ...


class PageSource(Protocol):
    """Fetches web pages that a person named."""

    async def fetch(self, url: str) -> Page:
        """Return the page at ``url``. Raises ``BadInput`` when it may not or cannot be had."""
        ...


class Searcher(Protocol):
    """Finds passages within what a space may read."""

    async def search(self, space: SpaceId, query: str, language: Language) -> SearchResult:
        """Return the passages nearest to ``query``, best first."""
        ...


class Gate(Protocol):
    """Decides who may answer from what was found."""

    def decide(self, found: SearchResult) -> Decision:
        """Return a band with a confidence and its reasons."""
        ...


class Reader(Protocol):
    """Reads what was found, and judges whether the answer is in it. Its methods block; call them from any thread."""

    @property
    def id(self) -> str:
        """Name the model: readers differ in how much their log-odds mean."""
        ...

    def read(self, found: SearchResult) -> float | None:
        """Return the log-odds that what was found answers the question; ``None`` where nothing was read."""
        ...

    def warm(self) -> None:
        """Load what is otherwise loaded when it is first needed."""
        ...


class Reranker(Protocol):
    """Scores texts by how well they answer a question, higher for better. Blocks; call it from any thread."""

    def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """Return a score for each text."""
        ...


class Generator(Protocol):
    """Writes text, piece by piece. ``name`` is what an answer's ``used`` shows."""

    @property
    def name(self) -> str:
        """Return ``local`` or the provider's name."""
        ...

    @property
    def model(self) -> str:
        """Return the model's id."""
        ...

    @property
    def languages(self) -> frozenset[Language]:
        """Return the languages it is rated to write in."""
        ...

    def stream(self, prompt: Sequence[PromptTurn], sampling: Sampling) -> AsyncGenerator[Piece, None]:
        """Yield the reply as it is written. Raises ``GenerationFailed`` when there will be none."""
        ...


class LocalModel(Generator, Protocol):
    """A generator on this machine. Counting tokens may load it, and blocks."""

    @property
    def style(self) -> Literal["brief", "full"]:
        """Return how it likes to be asked: small models are confused by long instructions."""
        ...

    @property
    def context_tokens(self) -> int:
        """Return how many tokens prompt and reply may have together."""
        ...

    def count_tokens(self, text: str) -> int:
        """Return how many tokens ``text`` is."""
        ...

    def warm(self) -> None:
        """Load the model, so that the first reply does not wait for it."""
        ...


@runtime_checkable
class AdaptableModel(Protocol):
    """A local model whose LoRA weights can be changed while it writes."""

    async def use_lora(self, version: LoraVersion | None) -> None:
        """Write from now on with these weights, or with none; replies already begun end on the ones they began with.

        Raises ``BadInput`` for weights that are damaged or were trained on another base model, and ``Unavailable``
        when they cannot be loaded; then nothing has changed.
        """
        ...


@runtime_checkable
class InspectableModel(Protocol):
    """A local model that tells how it stands, at once and without loading anything."""

    def state(self) -> EngineState:
        """Return where it runs, with which weights, and how busy it is."""
        ...


class Outlet(Protocol):
    """Where one reply appears: a Discord message, a Telegram message, the terminal."""

    async def progress(self, text: str) -> None:
        """Show a status line in place of the last one; it may be skipped when the platform is busy."""
        ...

    async def partial(self, text: str) -> None:
        """Show the whole answer as written so far; it may be skipped when the platform is busy."""
        ...

    async def send(self, reply: Reply) -> None:
        """Deliver the final reply in place of any progress. Never skipped, never cut short.

        Raises ``Postponed`` where only a later outlet to the same address can deliver the rest.
        """
        ...


class Journal(Protocol):
    """What has been shown of one reply, kept so that after a restart nothing is shown twice."""

    @property
    def parts(self) -> Sequence[DeliveredPart]:
        """Return the parts noted so far."""
        ...

    async def note(self, position: int, part: DeliveredPart | None) -> None:
        """Keep the part at ``position``; ``None`` takes an attempt back that surely came to nothing."""
        ...

    async def shown(self, answer_id: int, handle: str) -> None:
        """Keep which message shows an answer."""
        ...


class InboxPort(Protocol):
    """What has been taken on and not been finished; it survives the process."""

    async def accept(self, message: Message) -> bool:
        """Take a message on: once this returns, it is answered whatever happens. ``False``: it was taken on before."""
        ...

    async def revise(self, message: Message, parts: Sequence[DeliveredPart]) -> None:
        """Take a message on once more, as it was edited; ``parts`` are shown of the reply to what it said before."""
        ...

    async def claim(self, space: SpaceId, key: str) -> bool:
        """Return whether this is the first time that ``key`` (a press of a button) is seen; nothing is kept of it."""
        ...

    async def unfinished(self, platform: Platform) -> Sequence[UnfinishedMessage]:
        """Return what was taken on there and is due, oldest first, whether or not somebody is working on it."""
        ...

    def news(self, platform: Platform) -> asyncio.Event:
        """Return what is set as soon as there is something unfinished there that nobody knows of yet."""
        ...

    async def close(self, message: Message) -> None:
        """Note that there is nothing left to do about a message, and forget what it said."""
        ...

    def journal(self, message: Message, parts: Sequence[DeliveredPart] = ()) -> Journal:
        """Return the journal of the reply to an accepted message, of which ``parts`` were shown before."""
        ...


@dataclass(frozen=True, slots=True)
class ArgumentCompletion:
    """What a half-typed argument may mean: ``label`` is what to show, ``value`` what to fill in."""

    label: str
    value: str


class AdapterApi(Protocol):
    """The core as a platform adapter sees it: one door for messages, one for thumbs, and the commands to show."""

    @property
    def inbox(self) -> InboxPort:
        """Return where messages are accepted before they are handled."""
        ...

    @property
    def registry(self) -> Registry:
        """Return every command there is, for the platform's own menu."""
        ...

    async def listens(self, space: SpaceId, conversation: str) -> bool:
        """Return whether what is said to nobody there is to be handled too. Called for every message: cheap."""
        ...

    async def lately(self, platform: Platform) -> Sequence[tuple[SpaceId, str]]:
        """Return the spaces and conversations of a platform in which somebody asked within a day, the latest first."""
        ...

    async def complete(self, space: SpaceId, names: str, typed: str) -> Sequence[ArgumentCompletion]:
        """Return what a half-typed argument may mean; ``names`` is its ``Parameter.names``. Never raises."""
        ...

    async def handle(self, message: Message, outlet: Outlet) -> None:
        """Answer one message or command through ``outlet``, and close it once delivered. Never raises.

        One that ``inbox`` did not accept is answered too, though a crash loses it.
        """
        ...

    async def moved(self, space: SpaceId, new: SpaceId) -> None:
        """Let everything of a space follow it to another id, which its platform gave it; told twice is harmless."""
        ...

    async def resume(self, unfinished: UnfinishedMessage, outlet: Outlet) -> None:
        """Finish what another outlet, or an earlier process, could not. Never raises."""
        ...

    async def answer_at(self, space: SpaceId, message_ref: str) -> int | None:
        """Return the answer that a message of the platform (``PLATFORM:HANDLE``) shows, if it shows one."""
        ...

    async def rate(self, space: SpaceId, answer_id: int, person: Person, thumb: Thumb, locale: str | None) -> Reply:
        """Record a thumb, the same one again withdraws it; return the thanks, for the person alone."""
        ...
