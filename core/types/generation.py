"""Prompts, and texts a model wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class PromptTurn:
    """One message of a chat prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to draw tokens. The defaults are the specification's (section 4.2)."""

    temperature: float = 0.6
    top_p: float = 0.9
    max_new_tokens: int = 512
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of streamed text, with the log-probability of each token in it where the generator knows them.

    ``lora_version`` names the LoRA weights it was written with; all pieces of a reply have the same.
    """

    text: str
    log_probs: tuple[float, ...] = ()
    lora_version: str | None = None


@dataclass(frozen=True, slots=True)
class Generation:
    """A finished text and how it came to be."""

    text: str
    generator: str
    model: str
    prompt: tuple[PromptTurn, ...]
    sampling: Sampling
    log_probs: tuple[float, ...] = ()
    lora_version: str | None = None


@dataclass(frozen=True, slots=True)
class LoraVersion:
    """LoRA weights under the name that answers are recorded with: a PEFT folder with a manifest in it."""

    name: str
    folder: Path


@dataclass(frozen=True, slots=True)
class EngineState:
    """How a local engine stands: where it runs, the LoRA weights it writes with, and how busy it is."""

    device: str
    lora_version: str | None
    is_warm: bool
    n_running: int
    n_waiting: int
