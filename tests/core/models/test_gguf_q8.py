"""A GGUF file written again in 8 bits: the same model, finer steps."""

from pathlib import Path

import gguf
import numpy as np
import pytest

from core.models.catalog import DEFAULT_LANGUAGE_MODEL, gguf_file
from core.models.ggml import Gguf, Weights
from core.models.gguf_q8 import write_q8

ROWS = np.random.default_rng(5).standard_normal((6, 64), np.float32)
FOUR_BITS = ("Q4_0", "Q4_1")


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    path = tmp_path / "packed.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_1)
    writer.add_array("tokenizer.ggml.tokens", ["olá", "<|im_end|>"])
    writer.add_array("tokenizer.ggml.token_type", [1, 3])
    writer.add_float32("llama.rope.freq_base", 10_000.0)
    writer.add_string("tokenizer.chat_template", "{{ messages }}")
    for name in (*FOUR_BITS, "Q8_0"):
        kind = gguf.GGMLQuantizationType[name]
        writer.add_tensor(f"{name}.weight", gguf.quants.quantize(ROWS, kind), raw_dtype=kind)
    writer.add_tensor("norm.weight", ROWS[0])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_everything_but_the_steps_stays(packed: Path, tmp_path: Path) -> None:
    write_q8(packed, tmp_path / "again.gguf")
    before, after = Gguf(packed), Gguf(tmp_path / "again.gguf")
    assert after.metadata == {**before.metadata, "general.file_type": gguf.LlamaFileType.MOSTLY_Q8_0}
    assert after.names == before.names
    for name in ("norm.weight", "Q8_0.weight"):
        np.testing.assert_array_equal(after.tensor(name), before.tensor(name))
    for name in FOUR_BITS:
        rounded = np.abs(after.tensor(f"{name}.weight") - before.tensor(f"{name}.weight"))
        lost_before = np.abs(ROWS - before.tensor(f"{name}.weight"))
        assert 0 < rounded.mean() < 0.1 * lost_before.mean()


def test_matrices_can_be_changed_on_the_way(packed: Path, tmp_path: Path) -> None:
    seen = []

    def doubled(name: str, weights: Weights) -> Weights:
        seen.append(name)
        return weights * 2

    write_q8(packed, tmp_path / "again.gguf", doubled)
    before, after = Gguf(packed), Gguf(tmp_path / "again.gguf")
    assert seen == ["Q4_0.weight", "Q4_1.weight"]
    np.testing.assert_allclose(after.tensor("Q4_1.weight"), 2 * before.tensor("Q4_1.weight"), atol=0.05)


def test_what_is_no_gguf_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.gguf").write_bytes(b"<html>" * 20)
    with pytest.raises(ValueError, match="GGUF"):
        write_q8(tmp_path / "page.gguf", tmp_path / "again.gguf")


@pytest.mark.model
def test_the_default_model_is_repacked_once(models_dir: Path) -> None:
    told: list[str] = []
    path = gguf_file(DEFAULT_LANGUAGE_MODEL, models_dir, told.append)
    assert path is not None
    assert Gguf(path).metadata["general.file_type"] == gguf.LlamaFileType.MOSTLY_Q8_0
    written = path.stat().st_mtime_ns
    assert gguf_file(DEFAULT_LANGUAGE_MODEL, models_dir, told.append) == path
    assert path.stat().st_mtime_ns == written
    assert len(told) <= 1
