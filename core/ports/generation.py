"""Ports of generation: models that write text, and what can be asked of those that run on this machine."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Literal, Protocol, runtime_checkable

from core.types import EngineState, Language, Piece, PromptTurn, Sampling


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
        """Return the style of prompt it needs: small models are confused by long instructions."""
        ...

    @property
    def context_tokens(self) -> int:
        """Return how many tokens prompt and reply may have together."""
        ...

    @property
    def prompt_tokens(self) -> int:
        """Return how many tokens of a prompt it reads before people stop waiting; ``context_tokens`` may be fewer."""
        ...

    def count_tokens(self, text: str) -> int:
        """Return how many tokens ``text`` is."""
        ...

    def warm(self) -> None:
        """Load the model, so that the first reply does not wait for it."""
        ...


@runtime_checkable
class InspectableModel(Protocol):
    """A local model that reports its state, at once and without loading anything."""

    def state(self) -> EngineState:
        """Return where it runs, with which weights, and how busy it is."""
        ...
