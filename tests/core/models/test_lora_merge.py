"""LoRA weights merged into a GGUF file: W + B·A·α/r in llama.cpp's order of rows, once, and only where it fits."""

from __future__ import annotations

import json
from pathlib import Path

import gguf
import numpy as np
import pytest
from safetensors.numpy import save_file

from core.models.ggml import Gguf
from core.models.lora import WEIGHTS
from core.models.lora_merge import merged_gguf

WIDE, N_HEADS, RANK, ALPHA = 64, 2, 4, 8.0
RANDOM = np.random.default_rng(3)
Q, DOWN, UP = "blk.0.attn_q.weight", "blk.1.ffn_down.weight", "blk.0.ffn_up.weight"


def write_base(path: Path, kind: str = "Q8_0") -> Path:
    packed = gguf.GGMLQuantizationType[kind]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_uint32("llama.attention.head_count", N_HEADS)
    for name in (Q, DOWN, UP):
        weights = RANDOM.standard_normal((WIDE, WIDE), np.float32)
        writer.add_tensor(name, gguf.quants.quantize(weights, packed), raw_dtype=packed)
    writer.add_tensor("blk.0.ffn_norm.weight", np.ones(WIDE, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def write_weights(folder: Path, scale: float = 0.3, n_in: int = WIDE) -> dict[str, np.ndarray]:
    folder.mkdir(exist_ok=True)
    weights = {}
    for part in ("0.self_attn.q_proj", "1.mlp.down_proj"):
        name = f"base_model.model.model.layers.{part}"
        weights[f"{name}.lora_A.weight"] = RANDOM.normal(0, scale, (RANK, n_in)).astype(np.float32)
        weights[f"{name}.lora_B.weight"] = RANDOM.normal(0, scale, (WIDE, RANK)).astype(np.float32)
    save_file(weights, folder / WEIGHTS)
    (folder / "adapter_config.json").write_text(json.dumps({"r": RANK, "lora_alpha": ALPHA}))
    return weights


def delta(weights: dict[str, np.ndarray], part: str) -> np.ndarray:
    """Return B·A·α/r, entry by entry."""
    a, b = (weights[f"base_model.model.model.layers.{part}.lora_{half}.weight"] for half in "AB")
    total = np.zeros((WIDE, WIDE))
    for i in range(WIDE):
        for j in range(WIDE):
            total[i, j] = sum(b[i, k] * a[k, j] for k in range(RANK)) * ALPHA / RANK
    return total


def in_pairs(rows: np.ndarray) -> np.ndarray:
    """Return rows as llama.cpp has them: row i of a head's first half beside row i of its second."""
    per_head = WIDE // N_HEADS
    order = [
        head * per_head + half * per_head // 2 + i
        for head in range(N_HEADS)
        for i in range(per_head // 2)
        for half in (0, 1)
    ]
    return rows[order]


@pytest.mark.parametrize("kind", ["Q8_0", "F16"])
def test_the_merge_is_base_and_gain_and_the_rest_is_the_bases(tmp_path: Path, kind: str) -> None:
    base, lora = write_base(tmp_path / "base.gguf", kind), tmp_path / "lora"
    weights = write_weights(lora)
    path = merged_gguf(base, lora)
    assert path
    before, after = Gguf(base), Gguf(path)
    step = 8 / 127  # of weights up to 8
    np.testing.assert_allclose(after.tensor(DOWN) - before.tensor(DOWN), delta(weights, "1.mlp.down_proj"), atol=step)
    wanted = in_pairs(delta(weights, "0.self_attn.q_proj"))
    np.testing.assert_allclose(after.tensor(Q) - before.tensor(Q), wanted, atol=step)
    assert np.abs(wanted).max() > 10 * step
    for name in (UP, "blk.0.ffn_norm.weight"):
        np.testing.assert_array_equal(after.tensor(name), before.tensor(name))


def test_it_is_written_once_and_anew_for_other_weights(tmp_path: Path) -> None:
    base, lora = write_base(tmp_path / "base.gguf"), tmp_path / "lora"
    write_weights(lora)
    first = merged_gguf(base, lora)
    assert first
    written = first.stat().st_mtime_ns
    assert merged_gguf(base, lora) == first and first.stat().st_mtime_ns == written
    write_weights(lora, scale=0.1)
    again = merged_gguf(base, lora)
    assert again and again.stat().st_mtime_ns != written


def test_a_base_of_four_bits_is_left_alone(tmp_path: Path) -> None:
    write_weights(tmp_path / "lora")
    assert merged_gguf(write_base(tmp_path / "base.gguf", "Q4_1"), tmp_path / "lora") is None
    assert not (tmp_path / "lora" / "merged").exists()


def test_weights_of_other_shapes_are_refused_and_nothing_is_left(tmp_path: Path) -> None:
    base = write_base(tmp_path / "base.gguf")
    write_weights(tmp_path / "lora", n_in=32)
    with pytest.raises(ValueError, match="its LoRA weights are for"):
        merged_gguf(base, tmp_path / "lora")
    assert not (tmp_path / "lora" / "merged").exists()
