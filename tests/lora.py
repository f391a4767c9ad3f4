"""Small LoRA weights for the default model, drawn at random: large enough that they change what it says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from core.models.catalog import DEFAULT_LANGUAGE_MODEL, language_model_base
from core.models.lora import WEIGHTS, LoraManifest, write_manifest
from core.types import LoraVersion

_SHAPES = {"q_proj": (576, 576), "k_proj": (192, 576), "v_proj": (192, 576), "o_proj": (576, 576)}
RANK, ALPHA = 4, 8.0


def write_lora(folder: Path, seed: int, scale: float = 0.05) -> LoraVersion:
    """Write a PEFT folder with a manifest."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    weights = {}
    for layer in range(30):
        for name, (n_out, n_in) in _SHAPES.items():
            prefix = f"base_model.model.model.layers.{layer}.self_attn.{name}"
            weights[f"{prefix}.lora_A.weight"] = random.normal(0, scale, (RANK, n_in)).astype(np.float32)
            weights[f"{prefix}.lora_B.weight"] = random.normal(0, scale, (n_out, RANK)).astype(np.float32)
    save_file(weights, folder / WEIGHTS)
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": RANK,
        "lora_alpha": ALPHA,
        "target_modules": [*_SHAPES],
    }
    (folder / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    base = language_model_base(DEFAULT_LANGUAGE_MODEL)
    write_manifest(folder, LoraManifest(base.id, base.hash, RANK, ALPHA, tuple(_SHAPES)))
    return LoraVersion(folder.name, folder)
