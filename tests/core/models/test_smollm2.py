"""SmolLM2's GGUF file and the folder that is made of it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.models.catalog import DEFAULT_LANGUAGE_MODEL, language_model_source
from core.models.smollm2 import _unpaired, write_smollm2
from tests.core.models.test_ggml import gguf_bytes


def test_rows_are_put_back_as_rotary_embedding_pairs_them() -> None:
    n_heads, n_pairs, n_in = 2, 3, 4
    original = np.arange(n_heads * 2 * n_pairs * n_in, dtype=np.float32).reshape(-1, n_in)
    paired = np.empty_like(original)
    for head in range(n_heads):
        for pair in range(n_pairs):
            for half in range(2):
                row = head * 2 * n_pairs + half * n_pairs + pair
                paired[head * 2 * n_pairs + pair * 2 + half] = original[row]
    np.testing.assert_array_equal(_unpaired(paired, n_heads), original)


def test_another_gguf_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(gguf_bytes().replace(b"general.name", b"general.nome"))
    with pytest.raises((ValueError, KeyError)):
        write_smollm2(path, tmp_path)


@pytest.fixture(scope="module")
def source(models_dir: Path) -> str:
    return language_model_source(DEFAULT_LANGUAGE_MODEL, models_dir, lambda key: None)


@pytest.fixture(scope="module")
def tokenizer(source: str) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(source, local_files_only=True)


@pytest.mark.model
def test_text_is_tokenised_as_the_model_was_trained(tokenizer: Any) -> None:
    text = "In 2024, 12 people said: I'm   here!\n\nolá ação 🙂<|im_end|>"
    ids = tokenizer.encode(text, add_special_tokens=False)
    assert tokenizer.decode(ids) == text
    assert tokenizer.convert_ids_to_tokens(ids)[:7] == ["In", "Ġ", "2", "0", "2", "4", ","]
    assert ids[-1] == tokenizer.eos_token_id == 2


@pytest.mark.model
def test_a_chat_has_the_models_own_template(tokenizer: Any) -> None:
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    assert text == ("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")


@pytest.mark.model
def test_the_weights_know_english(source: str, tokenizer: Any) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(source, local_files_only=True)
    assert model.dtype == torch.float32
    text = "The library opens at nine in the morning and closes at five in the afternoon. It opens at nine in the"
    ids = torch.tensor([tokenizer.encode(text, add_special_tokens=False)])
    with torch.inference_mode():
        output = model(ids, labels=ids)
    assert output.loss < 3.5  # nats a token: 2.8 as it should be, 4.5 with rows out of order
    assert tokenizer.decode(output.logits[0, -1].argmax()) == " morning"
