"""LoRA weight folders: their manifest with the base model's fingerprint, and conversion for llama.cpp.

A folder holds PEFT's files (``adapter_config.json``, ``adapter_model.safetensors``) and the manifest
``aion-lora.json``. The fingerprint is checked because weights on the wrong base give nonsense without an error.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as validated

from core.errors import BadInput
from core.models.atomic_folder import ensure_converted
from core.types import Matrix

MANIFEST = "aion-lora.json"
WEIGHTS = "adapter_model.safetensors"

_SAMPLES, _SAMPLE_BYTES = 64, 65_536
_LAYOUT = 1
"""Version of the conversion's output."""

_PART = re.compile(r"model\.layers\.(\d+)\.(?:self_attn|mlp)\.(\w+)\.lora_([AB])\.weight$")
_NAMES = {
    "q_proj": "attn_q",
    "k_proj": "attn_k",
    "v_proj": "attn_v",
    "o_proj": "attn_output",
    "gate_proj": "ffn_gate",
    "up_proj": "ffn_up",
    "down_proj": "ffn_down",
}
_HEADS = {"attn_q": "llama.attention.head_count", "attn_k": "llama.attention.head_count_kv"}
"""Projections whose rows llama.cpp permutes for rotary embedding, and the metadata key of their number of heads."""


@validated(frozen=True, config=ConfigDict(extra="ignore"))
class LoraManifest:
    """Base model, shape and training of LoRA weights. ``base_hash`` is the ``fingerprint`` of the base's weights.

    ``data_hash`` is the SHA-256 of the training file, ``parent`` the version that training started from.
    """

    base_model: Annotated[str, Field(min_length=1)]
    base_hash: Annotated[str, Field(min_length=1)]
    rank: Annotated[int, Field(gt=0)]
    alpha: Annotated[float, Field(gt=0)]
    target_modules: tuple[str, ...]
    method: str = ""
    data_hash: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    parent: str | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Base:
    """A base model: its id, and the fingerprint of its weights."""

    id: str
    hash: str


def read_manifest(folder: Path) -> LoraManifest:
    """Return the manifest in ``folder``. Raises ``BadInput`` when it is missing or invalid."""
    try:
        return TypeAdapter(LoraManifest).validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise BadInput("models.lora_unreadable", folder=folder) from error


def write_manifest(folder: Path, manifest: LoraManifest) -> None:
    """Write the manifest into ``folder``. Raises ``OSError``."""
    text = TypeAdapter(LoraManifest).dump_json(manifest, indent=1).decode()
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def require_base(manifest: LoraManifest, base: Base) -> None:
    """Raise ``BadInput`` when the weights were not trained on ``base``."""
    if manifest.base_hash != base.hash:
        raise BadInput("models.lora_foreign", theirs=manifest.base_model, ours=base.id)


def fingerprint(source: Path) -> str:
    """Return a fingerprint of a GGUF file or of a folder of safetensors. Blocks briefly.

    SHA-256 of names, sizes and 64 samples of 64 KiB of each file: tells models apart, but does not detect forgery.
    Raises ``FileNotFoundError`` when there are no weights.
    """
    files = [source] if source.is_file() else sorted(source.glob("*.safetensors"))
    if not files:
        raise FileNotFoundError(f"no weights in {source}")
    digest = hashlib.sha256()
    for path in files:
        n_bytes = path.stat().st_size
        digest.update(f"{path.name} {n_bytes}\n".encode())
        with path.open("rb") as file:
            for i in range(_SAMPLES):
                file.seek(max(0, n_bytes - _SAMPLE_BYTES) * i // (_SAMPLES - 1))
                digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def as_gguf(folder: Path, base: Mapping[str, object]) -> Path:
    """Return LoRA weights as a GGUF adapter for llama.cpp, converted once into ``folder``. Blocks.

    Slower than merged weights (``core.models.lora_merge``), which not every base allows. ``base`` is the metadata of
    the base's GGUF file. Raises as ``llama_cpp_pairs`` does.
    """
    pairs = llama_cpp_pairs(folder, base)
    version = f"layout {_LAYOUT}, {fingerprint(folder)}"
    converted = ensure_converted(folder / "gguf", version, lambda empty: _write_gguf(pairs, empty / "lora.gguf"))
    return converted / "lora.gguf"


@dataclass(frozen=True, slots=True)
class LlamaPairs:
    """LoRA weights in llama.cpp's naming and row order: ``(A, B)`` by matrix name, and α."""

    of: Mapping[str, tuple[Matrix, Matrix]]
    alpha: float

    @property
    def names(self) -> Collection[str]:
        """Return the names of the matrices that have LoRA weights."""
        return self.of.keys()

    def delta(self, name: str) -> Matrix:
        """Return the update of a matrix, B·A·α/r, shape ``(out, in)``."""
        a, b = self.of[name]
        return np.asarray(b @ a * (self.alpha / len(a)), np.float32)


def llama_cpp_pairs(folder: Path, base: Mapping[str, object]) -> LlamaPairs:
    """Return the LoRA weights of a PEFT folder for llama.cpp; ``base`` is the metadata of the base's GGUF file.

    Raises ``ValueError`` for another architecture than llama or weights on other modules than the seven projections,
    and ``OSError`` when the weights are missing.
    """
    from safetensors.numpy import load_file

    if base.get("general.architecture") != "llama":
        raise ValueError(f"LoRA weights of a {base.get('general.architecture')} cannot be converted for llama.cpp")
    halves: dict[str, dict[str, Matrix]] = {}
    for name, weights in load_file(folder / WEIGHTS).items():
        part = _PART.search(name)
        if part is None or part[2] not in _NAMES:
            raise ValueError(f"{name} has no counterpart in llama.cpp")
        projection = _NAMES[part[2]]
        if part[3] == "B" and projection in _HEADS:
            n_heads = int(str(base[_HEADS[projection]]))
            n_out, rank = weights.shape
            weights = weights.reshape(n_heads, 2, -1, rank).swapaxes(1, 2).reshape(n_out, rank)
        halves.setdefault(f"blk.{part[1]}.{projection}.weight", {})[part[3]] = weights.astype(np.float32).copy()
    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    if halved := [name for name, both in halves.items() if len(both) < 2]:
        raise ValueError(f"{halved[0]} has one matrix of two")
    pairs = {name: (both["A"], both["B"]) for name, both in halves.items()}
    return LlamaPairs(pairs, float(config["lora_alpha"]))


def _write_gguf(pairs: LlamaPairs, path: Path) -> None:
    """Write a GGUF adapter in the format of llama.cpp's convert_lora_to_gguf.py."""
    from gguf import GGUFWriter

    writer = GGUFWriter(path, "llama")
    writer.add_string("general.type", "adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", pairs.alpha)
    for name, (a, b) in pairs.of.items():
        writer.add_tensor(f"{name}.lora_a", a)
        writer.add_tensor(f"{name}.lora_b", b)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
