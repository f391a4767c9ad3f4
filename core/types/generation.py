"""Prompts, sampling parameters, and generated text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PLUGIN = "plugin:"
"""What the names of generators that plugins register begin with."""


@dataclass(frozen=True, slots=True)
class PromptTurn:
    """One message of a chat prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sampling parameters; the defaults are the specification's (section 4.2)."""

    temperature: float = 0.6
    top_p: float = 0.9
    max_new_tokens: int = 512
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of streamed text, with the log-probability (nats) of each of its tokens where the generator has them.

    ``lora_version`` names the LoRA weights it was written with; all pieces of a reply have the same. ``is_restart``:
    the text before this piece turned out to be no part of the reply. ``is_cut``: the limit of tokens ended the reply.
    """

    text: str
    log_probs: tuple[float, ...] = ()
    lora_version: str | None = None
    is_restart: bool = False
    is_cut: bool = False

    def appended_to(self, text: str) -> str:
        """Return the reply with this piece, ``text`` being what came before it."""
        return self.text if self.is_restart else text + self.text


@dataclass(frozen=True, slots=True)
class Generation:
    """A complete generated text, with the prompt, model and parameters it came from."""

    text: str
    generator: str
    model: str
    prompt: tuple[PromptTurn, ...]
    sampling: Sampling
    log_probs: tuple[float, ...] = ()
    lora_version: str | None = None


@dataclass(frozen=True, slots=True)
class LoraVersion:
    """LoRA weights by the name that answers are recorded with; ``folder`` has PEFT files and a manifest."""

    name: str
    folder: Path


@dataclass(frozen=True, slots=True)
class EngineState:
    """The state of a local engine: its device, LoRA weights in use, and numbers of running and waiting requests."""

    device: str
    lora_version: str | None
    is_warm: bool
    n_running: int
    n_waiting: int
