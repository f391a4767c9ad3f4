"""The local language model, as a ``core.ports.LocalModel``: loaded when first needed, run beside the event loop.

One reply is written at a time; the others wait in the order they came, and past a limit they are told to come back.
Writing stops at the end of the reply, at its limit of tokens or time, and as soon as nobody reads it any more.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Literal, Protocol

from core.errors import Unavailable
from core.models.catalog import LanguageModel, Tell, language_model, language_model_source
from core.models.hub import fetched, loading
from core.models.loading import one_at_a_time
from core.models.once import Once
from core.offload import offload
from core.types import Language, Piece, Sampling, Turn

MAX_WAITING = 16
"""Replies that may wait for their turn; more would wait for minutes."""

MAX_REPLY_S = 60.0
"""How long one reply may take to write, from the first token of its prompt on."""

_TYPICAL_REPLY_S = 5.0


class ChatModel(Protocol):
    """A loaded model (``core.generation.causal``). Blocks; used by one thread at a time."""

    context_tokens: int

    def count_tokens(self, text: str) -> int:
        """Return how many tokens ``text`` is."""
        ...

    def write(self, prompt: Sequence[Turn], sampling: Sampling, is_stopped: Callable[[], bool]) -> Iterator[Piece]:
        """Yield the reply; stop soon after ``is_stopped`` says so."""
        ...


class LocalGenerator:
    """Writes replies with a chat model on this machine."""

    name = "local"

    def __init__(
        self, model: LanguageModel, load: Callable[[], ChatModel], *, max_reply_s: float = MAX_REPLY_S
    ) -> None:
        self._known = model
        self._chat = Once(load)
        self._max_reply_s = max_reply_s
        self._turn = asyncio.Semaphore(1)
        self._n_waiting = 0

    @property
    def model(self) -> str:
        """Return the model's id."""
        return self._known.id

    @property
    def languages(self) -> frozenset[Language]:
        """Return the languages it is rated to write in."""
        return self._known.languages

    @property
    def style(self) -> Literal["brief", "full"]:
        """Return how it likes to be asked (``core.generation.prompt.Style``)."""
        return self._known.style

    @property
    def context_tokens(self) -> int:
        """Return how many tokens prompt and reply may have together; loads the model."""
        return self._chat.get().context_tokens

    def count_tokens(self, text: str) -> int:
        """Return how many tokens ``text`` is; loads the model."""
        return self._chat.get().count_tokens(text)

    def warm(self) -> None:
        """Load the model, so that the first reply does not wait for it. Raises ``Unavailable`` when that fails."""
        self._chat.get()

    async def stream(self, prompt: Sequence[Turn], sampling: Sampling) -> AsyncGenerator[Piece, None]:
        """Yield the reply as it is written, with the log-probabilities of its tokens.

        They are the model's own, before temperature and top-p (``CausalModel.write``). Raises ``Unavailable`` when
        too many wait or the model cannot be loaded, and ``GenerationFailed`` when nothing was written.
        """
        if self._n_waiting >= MAX_WAITING:
            raise Unavailable("generation.busy", wait_s=round(self._n_waiting * _TYPICAL_REPLY_S))
        self._n_waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._n_waiting -= 1
        try:
            async with aclosing(self._written(prompt, sampling)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            self._turn.release()

    async def _written(self, prompt: Sequence[Turn], sampling: Sampling) -> AsyncGenerator[Piece, None]:
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[Piece | None] = asyncio.Queue()
        is_unread = threading.Event()

        def work() -> None:
            try:
                chat = self._chat.get()
                end_s = time.monotonic() + self._max_reply_s
                for piece in chat.write(prompt, sampling, lambda: is_unread.is_set() or time.monotonic() > end_s):
                    loop.call_soon_threadsafe(pieces.put_nowait, piece)
            finally:
                loop.call_soon_threadsafe(pieces.put_nowait, None)

        writing = asyncio.create_task(offload(work), name="local generation")
        try:
            while (piece := await pieces.get()) is not None:
                yield piece
            await writing
        finally:
            is_unread.set()
            await asyncio.wait([writing])  # it ends within a step, and nobody else may have the model before
            if not writing.cancelled():
                writing.exception()  # raised above, or of no concern to anybody any more


def open_generator(name: str, models_dir: Path, tell: Tell) -> LocalGenerator:
    """Return the local model of that name; it is loaded when first used, and raises ``Unavailable`` if it cannot be."""

    def load() -> ChatModel:
        source = language_model_source(name, models_dir, tell)
        tell("models.loading")
        with loading(name, "AION_LOCAL_MODEL"), one_at_a_time:
            from core.generation.causal import CausalModel

            return fetched(
                source, lambda local: CausalModel(source, is_local=local), lambda: tell("models.downloading")
            )

    return LocalGenerator(language_model(name), load)
