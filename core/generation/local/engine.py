"""The port between ``core.generation.local.generator`` and what runs a language model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Protocol

from core.types import Piece, PromptTurn, Sampling


class Engine(Protocol):
    """A loaded model with one set of weights, that writes several replies at once.

    Methods other than ``write`` block. ``context_tokens`` is the most tokens of prompt and reply together, ``device``
    where it runs, for people to read.
    """

    context_tokens: int
    device: str

    def count_tokens(self, text: str) -> int:
        """Return how many tokens ``text`` is."""
        ...

    def write(self, prompt: Sequence[PromptTurn], sampling: Sampling) -> AsyncGenerator[Piece, None]:
        """Yield a reply. Closing the generator stops its decoding.

        Raises ``GenerationFailed`` when the prompt leaves no room for a reply.
        """
        ...

    def adapted(self, lora: Path | None) -> Engine:
        """Return an engine for the same model with the LoRA weights of a PEFT folder; ``None``: with none.

        Both may write at once. Raises ``OSError``, ``ValueError`` or ``RuntimeError`` when they cannot be loaded.
        """
        ...

    def close(self) -> None:
        """Release what only this engine uses. Called when it is writing nothing."""
        ...
