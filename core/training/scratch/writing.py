"""Text that a decoder writes, and the folder that it is kept in. Imports torch: import it late."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers.utils import logging as transformers_logging

from core.nn.decoder import Decoder

FACTS = "aion-scratch.json"


def continuation(model: Decoder, tokenizer: Any, prompt: str, n_tokens: int, seed: int) -> str:
    """Return ``prompt`` as the model continues it by at most ``n_tokens`` tokens, drawn at temperature 0.8.

    Chance is drawn from ``seed``; torch's own state stays as it was.
    """
    ids = tokenizer(prompt, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    start = torch.tensor([ids or [tokenizer.eos_token_id]], device=model.lm_head.weight.device)
    was_training = model.training
    model.train(False)
    writer: Any = model  # transformers types ``generate`` for its own models alone
    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(seed)
        written = writer.generate(
            start,
            attention_mask=torch.ones_like(start),
            max_new_tokens=n_tokens,
            do_sample=True,
            temperature=0.8,
            top_p=0.95,
        )
    model.train(was_training)
    return str(tokenizer.decode(written[0], skip_special_tokens=True))


def write_model(model: Decoder, tokenizer: Any, folder: Path, facts: Mapping[str, Any]) -> None:
    """Write model and tokenizer as a transformers folder, and ``facts`` of how it was made. Raises ``OSError``."""
    folder.mkdir(parents=True, exist_ok=True)
    transformers_logging.disable_progress_bar()
    written: Any = model  # transformers wraps ``to`` in a type of its own
    written.to("cpu").save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / FACTS).write_text(json.dumps(facts, indent=1), encoding="utf-8")
