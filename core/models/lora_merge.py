"""LoRA weights merged into a copy of their base model, for llama.cpp: W + B·A·α/r (Hu et al. 2021, section 4.1).

Weights kept beside the base cost llama.cpp four small operations more for each of its matrices, and its threads wait
for each other after every one: a token takes two to three times as long, whatever the rank. Merged, it takes what the
base takes.
"""

from __future__ import annotations

from pathlib import Path

from core.models.atomic_folder import ensure_converted
from core.models.ggml import Gguf
from core.models.gguf_q8 import Weights, write_q8
from core.models.lora import fingerprint, llama_cpp_pairs

FOLDER, FILE = "merged", "model.gguf"

_LAYOUT = 1
"""Goes up when a merge writes something else than before."""

_FINE = frozenset({"F32", "F16", "BF16", "Q8_0"})
"""Formats of a base that 8 bits are no larger than; coarser ones would round away what was learned."""


def merged_gguf(base: Path, lora: Path) -> Path | None:
    """Return a GGUF file of ``base`` with the weights of the PEFT folder ``lora`` in it, written once, into the folder.

    ``None`` for a base of coarser weights than 8 bits: a merge would be larger and slower than it. Blocks, for seconds
    the first time. Raises ``ValueError`` for a model that is no llama, weights on other parts than the seven
    projections or of other shapes than the base's, and ``OSError`` when they are not there or the disk is full.
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
