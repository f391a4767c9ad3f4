"""Merges LoRA weights into a copy of their base model for llama.cpp: W + B·A·α/r (Hu et al. 2021, section 4.1).

Unmerged weights cost llama.cpp four more small operations for each matrix, with a thread barrier after each: a token
takes two to three times as long, whatever the rank. A merged model is as fast as its base.
"""

from __future__ import annotations

from pathlib import Path

from core.models.atomic_folder import ensure_converted
from core.models.ggml import Gguf, Weights
from core.models.gguf_q8 import write_q8
from core.models.lora import fingerprint, llama_cpp_pairs

FOLDER, FILE = "merged", "model.gguf"

_LAYOUT = 1
"""Version of the merge's output."""

_FINE = frozenset({"F32", "F16", "BF16", "Q8_0"})
"""Base formats of at least 8 bits; with coarser ones a Q8_0 merge would be larger than its base."""


def merged_gguf(base: Path, lora: Path) -> Path | None:
    """Return a GGUF file of ``base`` merged with the PEFT folder ``lora``, written once into that folder.

    ``None`` for a base of fewer than 8 bits a weight, where a merge would be larger and slower. Blocks, for seconds the
    first time. Raises ``ValueError`` for another architecture than llama, weights on other modules than the seven
    projections or of other shapes than the base's, and ``OSError`` when files are missing or the disk is full.
    """
    of = Gguf(base)
    pairs = llama_cpp_pairs(lora, of.metadata)
    if any(of.kind(name) not in _FINE for name in pairs.names):
        return None

    def change(name: str, weights: Weights) -> Weights:
        delta = pairs.delta(name)
        if delta.shape != weights.shape:
            raise ValueError(f"{name} is {weights.shape}, its LoRA weights are for {delta.shape}")
        return weights + delta

    def write(empty: Path) -> None:
        write_q8(base, empty / FILE, change, pairs.names)

    version = f"layout {_LAYOUT}, {fingerprint(lora)} in {fingerprint(base)}"
    return ensure_converted(lora / FOLDER, version, write) / FILE
