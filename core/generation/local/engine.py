"""What ``core.generation.local.generator`` asks of whatever runs a language model on this machine."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Protocol

from core.types import Piece, PromptTurn, Sampling


class Engine(Protocol):
    """A loaded model with one set of weights, that writes several replies together.

    What is not a coroutine or a generator blocks. ``context_tokens`` is how many tokens prompt and reply may have
    together, ``device`` where it runs.
    """

    context_tokens: int
    device: str

    def count_tokens(self, text: str) -> int:
        """Return how many tokens ``text`` is."""
        ...

    def write(self, prompt: Sequence[PromptTurn], sampling: Sampling) -> AsyncGenerator[Piece, None]:
        """Yield a reply. When the generator is closed, its tokens are no longer computed.

        Raises ``GenerationFailed`` when the prompt leaves no room for a reply.
        """
        ...

    def adapted(self, lora: Path | None) -> Engine:
        """Return an engine for the same model with the LoRA weights of a PEFT folder; ``None``: with none.

        Both may write at once. Raises ``OSError``, ``ValueError`` or ``RuntimeError`` when they cannot be loaded.
        """
        ...

    def close(self) -> None:
        """Give back what only this engine needs. Nothing is being written then."""
        ...
