"""The local engine as a service: how much is taken on at once, how long a reply may be, and what it took.

Speaks no HTTP. Every reply is written by the same engine that answers in chat.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace

from bot.web.stops import StopSequences
from core.errors import BadInput, Unavailable
from core.offload import offload
from core.ports import InspectableModel, LocalModel
from core.types import EngineState, Piece, PromptTurn, Sampling

MAX_OPEN = 32
"""Replies that are written or waited for at once; more would wait for minutes, and keep memory growing."""

MAX_NEW_TOKENS = 1_024
"""The longest reply, whatever is asked for."""

_TURN_TOKENS = 8
_TYPICAL_REPLY_S = 5.0
_NEWEST = 0.2
"""How much of the mean length of a reply is the newest one's."""


@dataclass(slots=True)
class TokenTally:
    """What one reply has taken so far, in tokens."""

    n_prompt: int
    max_new_tokens: int
    n_completion: int = 0
    is_stopped: bool = False

    @property
    def is_cut(self) -> bool:
        """Tell whether the reply ended because it was as long as it might be."""
        return not self.is_stopped and self.n_completion >= self.max_new_tokens


@dataclass(slots=True)
class OpenCompletion:
    """A reply in the making, and what it takes."""

    pieces: AsyncGenerator[Piece, None]
    tally: TokenTally


class Service:
    """Writes replies for other programs with ``model``, at most ``max_open`` at once."""

    def __init__(self, model: LocalModel, *, max_open: int = MAX_OPEN, max_new_tokens: int = MAX_NEW_TOKENS) -> None:
        self.model = model
        self.max_open = max_open
        self._max_new_tokens = max_new_tokens
        self._n_open = 0
        self._reply_s = _TYPICAL_REPLY_S

    @property
    def n_open(self) -> int:
        """Return how many replies are written or waited for."""
        return self._n_open

    def state(self) -> EngineState:
        """Return how the engine stands, as far as it tells."""
        if isinstance(self.model, InspectableModel):
            return self.model.state()
        return EngineState("unknown", None, is_warm=False, n_running=self._n_open, n_waiting=0)

    @asynccontextmanager
    async def reply(
        self, prompt: Sequence[PromptTurn], sampling: Sampling, stops: Sequence[str] = ()
    ) -> AsyncIterator[OpenCompletion]:
        """Write a reply, at most up to the first of ``stops``, while the block lasts; leaving it stops the engine.

        Raises ``Unavailable`` (``generation.busy``) when as much as is taken on is under way, ``BadInput`` when the
        prompt leaves no room for a reply, and what the engine raises.
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
            tally = TokenTally(n_prompt, room)
            async with aclosing(self._counted(prompt, bounded, tally, StopSequences(stops))) as pieces:
                yield OpenCompletion(pieces, tally)
        finally:
            self._n_open -= 1
            self._reply_s += _NEWEST * (time.monotonic() - begun_s - self._reply_s)

    def _measure(self, prompt: Sequence[PromptTurn]) -> tuple[int, int]:
        """Return the model's context and the size of a prompt, in tokens; loads the model."""
        return self.model.context_tokens, sum(self.model.count_tokens(turn.content) + _TURN_TOKENS for turn in prompt)

    async def _counted(
        self, prompt: Sequence[PromptTurn], sampling: Sampling, tally: TokenTally, stops: StopSequences
    ) -> AsyncGenerator[Piece, None]:
        version = None
        async with aclosing(self.model.stream(prompt, sampling)) as pieces:
            async for piece in pieces:
                version = piece.lora_version
                tally.n_completion += len(piece.log_probs) or 1
                yield replace(piece, text=stops.feed(piece.text))
                if stops.is_found:
                    tally.is_stopped = True
                    return
        if rest := stops.end():
            yield Piece(rest, lora_version=version)
