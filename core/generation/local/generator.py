"""The local language model, a ``core.ports.LocalModel``: loading on first use, queue, time limits, LoRA exchange.

``N_PARALLEL`` replies are written at once, ``MAX_WAITING`` more wait first come, first served; beyond that a request is
refused with a wait. A reply ends at its end, at its limit of tokens or time, or when its stream is closed. LoRA weights
are exchanged without a pause: a reply ends on the weights that it began with.
Does not cover how an engine runs a model (``core.generation.local.llama_cpp``,
``core.generation.local.transformers_engine``).
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Literal

from core.errors import GenerationFailed, Unavailable
from core.generation.local.engine import Engine
from core.generation.prompting.prompt import estimate_tokens
from core.models.catalog import LanguageModel
from core.models.hub import loading_model
from core.models.lazy import LazyValue
from core.models.lora import Base, read_manifest, require_base
from core.offload import offload
from core.types import EngineState, Language, LoraVersion, Piece, PromptTurn, Sampling

N_PARALLEL = 8
"""Replies that are written at once."""

MAX_WAITING = 16
"""Replies that may queue; more would wait for minutes."""

MAX_REPLY_S = 60.0
"""Most seconds of one reply, from the start of its prefill."""

READ_S = 20.0
"""Seconds that the reading of a prompt may take: with it grows what people wait for the first word."""

_FIRST_GUESS_S = 5.0
_CPU_S_PER_TOKEN = 0.02
"""What a model of 1.5 billion weights takes on two cores for an estimated token: the guess until a prompt was read."""

_LEAST_S_PER_TOKEN = 1e-4
"""Least average: a prompt whose cache is still there is read in no time."""

_NEWEST_SHARE = 0.2
"""Weight of the newest reply in the moving average of their durations."""


@dataclass(slots=True)
class _LoadedEngine:
    """An engine, the version of its weights, and the number of replies it is writing."""

    engine: Engine
    version: str | None = None
    n_writing: int = 0


class LocalGenerator:
    """Writes replies with a chat model on this machine. To be closed: an engine has threads or a process."""

    name = "local"

    def __init__(
        self,
        model: LanguageModel,
        load: Callable[[], Engine],
        base: Callable[[], Base],
        *,
        n_parallel: int = N_PARALLEL,
        max_reply_s: float = MAX_REPLY_S,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._known = model
        self._first = LazyValue(lambda: _LoadedEngine(load()))
        self._current: _LoadedEngine | None = None
        self._trial: _LoadedEngine | None = None
        self._share = 0.0
        self._base = LazyValue(base)
        self._max_reply_s = max_reply_s
        self._draw = draw
        self._n_parallel = n_parallel
        self._turn = asyncio.Semaphore(n_parallel)
        self._changing = asyncio.Lock()
        self._n_waiting = self._n_running = 0
        self._reply_s = _FIRST_GUESS_S
        self._s_per_token: float | None = None

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
        """Return which kind of prompt it is given: short (``brief``) or with all instructions (``full``)."""
        return self._known.style

    @property
    def context_tokens(self) -> int:
        """Return how many tokens prompt and reply may have together; loads the model."""
        return self._held().engine.context_tokens

    @property
    def prompt_tokens(self) -> int:
        """Return how many tokens of a prompt are read within ``READ_S``, by the prompts before; loads the model."""
        engine = self._held().engine
        if self._s_per_token is None and not engine.device.startswith("cpu"):
            return engine.context_tokens
        return round(READ_S / (self._s_per_token or _CPU_S_PER_TOKEN))

    def count_tokens(self, text: str) -> int:
        """Return how many tokens ``text`` is; loads the model."""
        return self._held().engine.count_tokens(text)

    def warm(self) -> None:
        """Load the model, so that the first reply does not wait for it. Raises ``Unavailable`` when that fails."""
        self._held()

    def state(self) -> EngineState:
        """Return device, LoRA version and load; loads nothing."""
        is_warm = self._first.is_made
        held = self._held() if is_warm else None
        return EngineState(
            device=held.engine.device if held else "none",
            lora_version=held.version if held else None,
            is_warm=is_warm,
            n_running=self._n_running,
            n_waiting=self._n_waiting,
        )

    async def stream(self, prompt: Sequence[PromptTurn], sampling: Sampling) -> AsyncGenerator[Piece, None]:
        """Yield the reply as it is written, with the log-probabilities of its tokens and its LoRA version.

        Log-probabilities are before temperature and top-p. Raises ``Unavailable`` when the queue is full or the model
        cannot be loaded, and ``GenerationFailed`` when nothing was written.
        """
        async with self._admitted(), self._leased() as held:
            clock = asyncio.get_running_loop().time
            start_s, is_read = clock(), False
            try:
                async with aclosing(_until(held.engine.write(prompt, sampling), start_s + self._max_reply_s)) as pieces:
                    async for piece in pieces:
                        if not is_read:
                            self._note_reading(prompt, clock() - start_s)
                        is_read = True
                        yield replace(piece, lora_version=held.version)
            finally:
                if not is_read and clock() - start_s > READ_S:
                    self._note_reading(prompt, clock() - start_s)

    async def use_lora(self, version: LoraVersion | None) -> None:
        """Use these weights, or none, for replies that begin from now on.

        Raises ``BadInput`` for weights without a manifest or of another base model, and ``Unavailable`` when they
        cannot be loaded; then nothing changes.
        """
        async with self._changing:
            old = await offload(self._held)
            engine = await offload(self._adapted, old.engine, version)
            self._current = _LoadedEngine(engine, version.name if version else None)
            await self._retire(old)

    async def try_lora(self, version: LoraVersion | None, share: float = 0.0) -> None:
        """Use these weights for a random ``share`` (0..1) of the replies; ``None`` ends the trial.

        Raises as ``use_lora`` does; then nothing changes.
        """
        async with self._changing:
            held = await offload(self._held)
            trial = _LoadedEngine(await offload(self._adapted, held.engine, version), version.name) if version else None
            self._trial, self._share, old = trial, share, self._trial
            if old:
                await self._retire(old)

    async def close(self) -> None:
        """Close the engines; no reply may be written any more."""
        async with self._changing:
            if self._first.is_made:
                await offload(self._held().engine.close)
            if self._trial:
                await offload(self._trial.engine.close)

    def _note_reading(self, prompt: Sequence[PromptTurn], took_s: float) -> None:
        """Count a prompt in the moving average of seconds a token: it took these until its first piece, or longer."""
        newest = took_s / max(1, sum(estimate_tokens(turn.content) for turn in prompt))
        average = newest if self._s_per_token is None else self._s_per_token
        self._s_per_token = max(average + _NEWEST_SHARE * (newest - average), _LEAST_S_PER_TOKEN)

    def _held(self) -> _LoadedEngine:
        return self._current or self._first.get()

    def _adapted(self, engine: Engine, version: LoraVersion | None) -> Engine:
        if version is None:
            return engine.adapted(None)
        base = self._base.get()
        require_base(read_manifest(version.folder), base)
        with loading_model(str(version.folder), "LoRA"):
            return engine.adapted(version.folder)

    async def _retire(self, held: _LoadedEngine) -> None:
        """Close an engine that is no longer in use, once its last reply has ended."""
        if held.n_writing == 0 and held is not self._trial and held is not self._held():
            await offload(held.engine.close)

    @asynccontextmanager
    async def _admitted(self) -> AsyncIterator[None]:
        """Hold one of the ``n_parallel`` slots. Raises ``Unavailable`` when the queue is full."""
        if self._n_waiting >= MAX_WAITING:
            wait_s = self._reply_s * (1 + self._n_waiting // self._n_parallel)
            raise Unavailable("generation.busy", wait_s=max(1, round(wait_s)))
        self._n_waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._n_waiting -= 1
        self._n_running += 1
        start_s = time.monotonic()
        try:
            yield
        finally:
            self._reply_s += _NEWEST_SHARE * (time.monotonic() - start_s - self._reply_s)
            self._n_running -= 1
            self._turn.release()

    @asynccontextmanager
    async def _leased(self) -> AsyncIterator[_LoadedEngine]:
        """Hold the engine of the current or trial weights until the reply ends."""
        if not self._first.is_made:
            await offload(self._first.get)
        held = self._trial if self._trial and self._draw() < self._share else self._held()
        held.n_writing += 1
        try:
            yield held
        finally:
            held.n_writing -= 1
            await self._retire(held)


async def _until(pieces: AsyncGenerator[Piece, None], end_s: float) -> AsyncGenerator[Piece, None]:
    """Yield pieces until ``end_s`` of the loop's clock. Raises ``GenerationFailed`` when they have no text."""
    is_silent = True
    async with aclosing(pieces):
        while True:
            try:
                async with asyncio.timeout_at(end_s):
                    piece = await anext(pieces)
            except (StopAsyncIteration, TimeoutError):
                break
            is_silent = (is_silent or piece.is_restart) and not piece.text.strip()
            yield piece
    if is_silent:
        raise GenerationFailed("nothing was written")
