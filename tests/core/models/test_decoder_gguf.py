"""The decoder as a GGUF file: llama.cpp says what transformers says, token by token."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from core.generation.local.llama_cpp import LlamaEngine
from core.models.decoder_gguf import write_gguf
from core.nn.config import DecoderConfig
from core.nn.decoder import Decoder
from core.training.scratch.tokenizer import train_tokenizer

TEXTS = (
    "The library opens at 9:30 and closes at 17:00.",
    "A biblioteca abre às 9h30; não há exceções!",
    "a  b\n\n c\t1984",
)
SHAPES = {
    "experts": {"num_local_experts": 4, "num_experts_per_tok": 2},
    "experts whose weights add up to one": {
        "num_local_experts": 4,
        "num_experts_per_tok": 2,
        "norm_topk_prob": True,
    },
    "no experts": {"num_local_experts": 1, "num_experts_per_tok": 1, "tie_word_embeddings": False},
}


def saved(folder: Path, shape: dict[str, Any]) -> tuple[Decoder, Any]:
    tokenizer = train_tokenizer(TEXTS * 4, 320, 256)
    torch.manual_seed(5)
    config = DecoderConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        initializer_range=0.3,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **shape,
    )
    model = Decoder(config).train(False)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return model, tokenizer


@contextmanager
def running(path: Path) -> Iterator[LlamaEngine]:
    engine = LlamaEngine(path, 1)
    try:
        yield engine
    finally:
        engine.close()


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_llama_cpp_reads_and_writes_what_transformers_does(shape: dict[str, Any], tmp_path: Path) -> None:
    model, tokenizer = saved(tmp_path, shape)
    write_gguf(tmp_path, tmp_path / "model.gguf")
    asked = [{"role": "user", "content": TEXTS[0]}]
    ids = tokenizer.apply_chat_template(asked, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    known = ids["input_ids"]
    wanted = model.generate(**ids, do_sample=False, max_new_tokens=12, min_new_tokens=12)[0, known.shape[1] :]  # type: ignore[operator]
    with running(tmp_path / "model.gguf") as engine:
        for text in TEXTS:
            body = {"content": text, "add_special": False, "parse_special": False}
            assert engine._ask("POST", "/tokenize", json=body)["tokens"] == tokenizer(text)["input_ids"]
        templated = engine._ask("POST", "/apply-template", json={"messages": asked})["prompt"]
        assert templated == tokenizer.decode(known[0])
        body = {
            "prompt": known[0].tolist(),
            "n_predict": 12,
            "temperature": 0,
            "ignore_eos": True,
            "return_tokens": True,
        }
        assert engine._ask("POST", "/completion", json=body)["tokens"] == wanted.tolist()


def test_what_llama_cpp_does_not_know_is_refused(tmp_path: Path) -> None:
    model, _ = saved(tmp_path, SHAPES["experts"])
    model.balance(torch.tensor([[1, 2, 3, 4], [1, 2, 3, 4]]), 1e-3)
    model.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="bias"):
        write_gguf(tmp_path, tmp_path / "model.gguf")
