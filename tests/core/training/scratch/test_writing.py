from __future__ import annotations

import json
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.nn.decoder import Decoder, register_decoder
from core.training.scratch.corpus import TokenCorpus
from core.training.scratch.writing import FACTS, continuation, write_model
from tests.core.training.scratch.models import small_decoder


def test_a_seed_draws_the_same_text_and_leaves_chance_alone(corpus: TokenCorpus) -> None:
    model = small_decoder(len(corpus.tokenizer), 64)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first = continuation(model, corpus.tokenizer, "the library", 20, seed=1)
    assert torch.equal(torch.rand(3), expected)
    assert first.startswith("the library") and len(first) > len("the library")
    assert first == continuation(model, corpus.tokenizer, "the library", 20, seed=1)
    assert first != continuation(model, corpus.tokenizer, "the library", 20, seed=2)
    assert model.training


def test_the_folder_is_a_model_of_transformers(corpus: TokenCorpus, tmp_path: Path) -> None:
    model = small_decoder(len(corpus.tokenizer), 64)
    write_model(model, corpus.tokenizer, tmp_path / "model", {"metrics": {"tokens": 5}})
    register_decoder()
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "model")
    assert isinstance(loaded, Decoder) and tokenizer.chat_template
    assert all(torch.equal(a, b) for a, b in zip(loaded.parameters(), model.parameters(), strict=True))
    assert json.loads((tmp_path / "model" / FACTS).read_text()) == {"metrics": {"tokens": 5}}
