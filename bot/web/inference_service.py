"""The local model as a service: concurrency limit, reply length, token counts. Independent of HTTP."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace

from bot.web.stop_sequences import StopSequences
from core.errors import BadInput, Unavailable
from core.offload import offload
from core.ports import InspectableModel, LocalModel
from core.types import EngineState, Piece, PromptTurn, Sampling

MAX_OPEN = 32
"""Replies open at once, being written or queued; more would wait for minutes."""

MAX_NEW_TOKENS = 1_024
"""Tokens of a reply at most, whatever is requested."""

_TURN_TOKENS = 8
"""Tokens a chat template adds to each turn, at most."""

_TYPICAL_REPLY_S = 5.0
_NEWEST = 0.2
"""Weight of the newest reply in the exponential moving average of reply durations."""


@dataclass(slots=True)
class TokenUsage:
    """Tokens of one reply so far. ``is_stopped``: a stop sequence ended it."""

    n_prompt: int
    max_new_tokens: int
    n_completion: int = 0
    is_stopped: bool = False

    @property
    def is_cut(self) -> bool:
        """Return whether the reply ended at ``max_new_tokens``."""
        return not self.is_stopped and self.n_completion >= self.max_new_tokens


@dataclass(slots=True)
class OpenCompletion:
    """A reply being written, and its token usage."""

    pieces: AsyncGenerator[Piece, None]
    usage: TokenUsage


class InferenceService:
    """Writes replies with ``model``, at most ``max_open`` at once, each of at most ``max_new_tokens``."""

    def __init__(self, model: LocalModel, *, max_open: int = MAX_OPEN, max_new_tokens: int = MAX_NEW_TOKENS) -> None:
        self.model = model
        self.max_open = max_open
        self._max_new_tokens = max_new_tokens
        self._n_open = 0
        self._reply_s = _TYPICAL_REPLY_S

    @property
    def n_open(self) -> int:
        """Return the number of open replies, written or queued."""
        return self._n_open

    def state(self) -> EngineState:
        """Return the engine's state; an ``unknown`` device where the engine reports none."""
        if isinstance(self.model, InspectableModel):
            return self.model.state()
        return EngineState("unknown", None, is_warm=False, n_running=self._n_open, n_waiting=0)

    @asynccontextmanager
    async def reply(
        self, prompt: Sequence[PromptTurn], sampling: Sampling, stops: Sequence[str] = ()
    ) -> AsyncIterator[OpenCompletion]:
        """Write a reply up to the first of ``stops`` while the block runs; leaving it stops the engine.

        Raises ``Unavailable`` (``generation.busy``; ``wait_s`` is the mean duration of a reply) when ``max_open`` are
        open, ``BadInput`` when the prompt fills the context, and what the engine raises.
        """
        if self._n_open >= self.max_open:
            raise Unavailable("generation.busy", wait_s=max(1, round(self._reply_s)))
        self._n_open += 1
        begun_s = time.monotonic()
        try:
            limit, n_prompt = await offload(self._measure, prompt)
            room = min(sampling.max_new_tokens, self._max_new_tokens, limit - n_prompt)
            if room <= 0:
                raise BadInput("web.prompt_too_long", n_tokens=n_prompt, limit=limit)
            bounded = Sampling(sampling.temperature, sampling.top_p, room, sampling.seed)
            usage = TokenUsage(n_prompt, room)
            async with aclosing(self._counted(prompt, bounded, usage, StopSequences(stops))) as pieces:
                yield OpenCompletion(pieces, usage)
        finally:
            self._n_open -= 1
            self._reply_s += _NEWEST * (time.monotonic() - begun_s - self._reply_s)

    def _measure(self, prompt: Sequence[PromptTurn]) -> tuple[int, int]:
        """Return the sizes of the model's context and of the prompt, in tokens. Blocks; loads the model."""
        return self.model.context_tokens, sum(self.model.count_tokens(turn.content) + _TURN_TOKENS for turn in prompt)

    async def _counted(
        self, prompt: Sequence[PromptTurn], sampling: Sampling, usage: TokenUsage, stops: StopSequences
    ) -> AsyncGenerator[Piece, None]:
        version = None
        async with aclosing(self.model.stream(prompt, sampling)) as pieces:
            async for piece in pieces:
                version = piece.lora_version
                usage.n_completion += len(piece.log_probs) or bool(piece.text)
                if piece.is_cut:
                    usage.n_completion = max(usage.n_completion, usage.max_new_tokens)
                if piece.is_restart:
                    stops.end()
                yield replace(piece, text=stops.feed(piece.text))
                if stops.is_found:
                    usage.is_stopped = True
                    return
        if rest := stops.end():
            yield Piece(rest, lora_version=version)
