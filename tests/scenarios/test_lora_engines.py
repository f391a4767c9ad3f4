"""The same LoRA weights in both engines: beside the base or merged, llama.cpp computes what PEFT computes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import PeftModel
from safetensors.numpy import load_file, save_file

from core.generation.local.llama_cpp import LlamaEngine
from core.generation.local.transformers_engine import TransformersModel
from core.models.catalog import DEFAULT_LANGUAGE_MODEL, gguf_file, language_model_source
from core.models.lora import WEIGHTS
from core.models.smollm2 import gguf_path
from core.types import PromptTurn, Sampling
from tests.lora import write_lora

ASKED = (PromptTurn("user", "Tell me about the sea."),)
TOLERANCE = 0.07
"""Mean difference of log-probabilities; llama.cpp rounds what it multiplies to 8 bits, PEFT does not."""


async def written(base: Path, folder: Path) -> tuple[str, list[float]]:
    """Return the likeliest reply in llama.cpp, and the log-probabilities of its tokens."""
    engine = LlamaEngine(base, 1, folder)
    try:
        pieces = [piece async for piece in engine.write(ASKED, Sampling(temperature=0.0, max_new_tokens=24))]
    finally:
        engine.close()
    return "".join(piece.text for piece in pieces), [piece.log_probs[0] for piece in pieces if piece.log_probs]


def scored(chat: TransformersModel, reply: str, n_tokens: int) -> list[float]:
    """Return the log-probabilities that transformers gives the tokens of a reply."""
    prompt = chat.rendered(ASKED)
    ids = chat.tokenizer.encode(reply, add_special_tokens=False)
    assert len(ids) == n_tokens
    with torch.inference_mode():
        logits = chat.model(torch.tensor([prompt + ids])).logits[0, len(prompt) - 1 : -1]
    return [float(row.log_softmax(-1)[token]) for row, token in zip(logits, ids, strict=True)]


def changed(folder: Path, wrong: str) -> None:
    """Make the mistake in a PEFT folder's weights that a conversion might make."""
    weights: dict[str, Any] = load_file(folder / WEIGHTS)
    for name, matrix in weights.items():
        if wrong == "scale" and name.endswith("lora_B.weight"):
            weights[name] = matrix * 2
        elif wrong == "order of rows" and "lora_B" in name and ("q_proj" in name or "k_proj" in name):
            n_out, rank = matrix.shape
            weights[name] = matrix.reshape(-1, 2, 32, rank).swapaxes(1, 2).reshape(n_out, rank).copy()
        elif wrong == "pairs of layers" and "lora_A" in name and ".layers.1" in name:
            weights[name] = weights[name.replace(".layers.1", ".layers.2")]
    save_file(weights, folder / WEIGHTS)


@pytest.mark.model
@pytest.mark.timeout(300)
@pytest.mark.parametrize("how", ["beside", "merged"])
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
async def test_converted_weights_compute_what_peft_computes(tmp_path: Path, models_dir: Path, how: str) -> None:
    right = write_lora(tmp_path / "right", seed=1, scale=0.04).folder
    packed = gguf_path() if how == "beside" else gguf_file(DEFAULT_LANGUAGE_MODEL, models_dir, lambda key: None)
    assert packed
    reply, told = await written(packed, right)
    assert (right / "merged").exists() == (how == "merged") != (right / "gguf").exists()
    chat = TransformersModel(language_model_source(DEFAULT_LANGUAGE_MODEL, models_dir, lambda key: None), is_local=True)
    base = chat.model

    def difference(weights: Path | None) -> float:
        chat.model = PeftModel.from_pretrained(base, weights) if weights else base
        apart = np.subtract(scored(chat, reply, len(told)), told)
        if weights:
            chat.model.unload()
        return float(np.abs(apart).mean())

    wrong = {"none": difference(None)}
    for mistake in ("scale", "order of rows", "pairs of layers"):
        folder = write_lora(tmp_path / mistake, seed=1, scale=0.04).folder
        changed(folder, mistake)
        wrong[mistake] = difference(folder)
    with_it = difference(right)
    assert with_it < TOLERANCE < min(wrong.values()), (with_it, wrong)
