"""The frozen base model with trainable LoRA weights, loaded and saved. Imports torch: import it late.

On a GPU the base is 4-bit NF4 with bfloat16 arithmetic where bitsandbytes is installed (QLoRA: Dettmers et al. 2023),
else bfloat16; on a CPU float32. LoRA weights are always float32. Training is in ``core.training.trainer`` and
``core.training.ppo.algorithm``.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model, prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from transformers.utils import logging as transformers_logging

from core.models.catalog import Tell, language_model_base, language_model_source
from core.models.heavy_imports import transformers_lock
from core.models.hub import cached_or_downloaded, loading_model
from core.models.lora import Base, LoraManifest, read_manifest, require_base, write_manifest
from core.nn.decoder import register_decoder
from core.types import PromptTurn

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True, slots=True)
class LoraShape:
    """Rank, scaling, dropout and target modules of LoRA weights; defaults from specification 4.1."""

    rank: int = 16
    alpha: int = 32
    dropout: float = 0.05
    modules: tuple[str, ...] = PROJECTIONS


@dataclass(frozen=True, slots=True)
class Student:
    """A frozen base model with trainable LoRA weights of shape ``lora``. ``model`` is a ``peft.PeftModel``."""

    model: Any
    tokenizer: Any
    base: Base
    lora: LoraShape

    @property
    def weights(self) -> dict[str, torch.nn.Parameter]:
        """Return the trainable parameters by name."""
        return {name: weights for name, weights in self.model.named_parameters() if weights.requires_grad}

    @property
    def n_base(self) -> int:
        """Return the number of weights of the base model, packed 4-bit weights counted singly."""
        n_learned, n_all = self.model.get_nb_trainable_parameters()
        return int(n_all - n_learned)

    def prompt_tokens(self, prompt: Sequence[PromptTurn]) -> list[int]:
        """Return the token ids of a prompt in the chat template, with special tokens inside messages escaped."""
        turns = [{"role": turn.role, "content": self.escape_special_tokens(turn.content)} for turn in prompt]
        text = self.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        return list(self.tokenizer.encode(text, add_special_tokens=False))

    def response_tokens(self, response: str) -> list[int]:
        """Return the token ids of a response, followed by the end token."""
        ids = self.tokenizer.encode(self.escape_special_tokens(response), add_special_tokens=False)
        return [*ids, self.tokenizer.eos_token_id]

    def escape_special_tokens(self, text: str) -> str:
        """Return a text in which special tokens are split by a space, so that they are tokenised as words."""
        marks = [token.content for token in self.tokenizer.added_tokens_decoder.values() if token.special]
        return re.sub("|".join(map(re.escape, marks)) or "(?!)", lambda mark: f"{mark[0][:1]} {mark[0][1:]}", text)

    def write(self, folder: Path) -> None:
        """Write the LoRA weights in PEFT's format, with their manifest."""
        self.model.save_pretrained(folder, selected_adapters=["default"])
        lora = self.lora
        manifest = LoraManifest(self.base.id, self.base.hash, lora.rank, lora.alpha, tuple(sorted(lora.modules)))
        write_manifest(folder, manifest)


def open_student(
    name: str, models_dir: Path, lora: LoraShape, seed: int, tell: Tell, start: Path | None = None
) -> Student:
    """Load a base model (id or folder) with LoRA weights, initialised by ``seed`` or read from ``start``. Blocks.

    Raises ``Unavailable`` when the model cannot be loaded, ``BadInput`` when ``start`` was trained on another model.
    """
    source, base = language_model_source(name, models_dir, tell), language_model_base(name)
    if start:
        manifest = read_manifest(start)
        require_base(manifest, base)
        lora = LoraShape(manifest.rank, int(manifest.alpha), lora.dropout, tuple(manifest.target_modules))
    tell("models.loading")
    transformers_logging.disable_progress_bar()
    with loading_model(name, "AION_BASE_MODEL"), transformers_lock:
        model, tokenizer = cached_or_downloaded(
            source, lambda local: _loaded(source, local), lambda: tell("models.downloading")
        )
        torch.manual_seed(seed)
        return Student(_with_lora(model, lora, start), tokenizer, base, lora)


def peft_config(lora: LoraShape) -> LoraConfig:
    """Return the shape as a PEFT configuration."""
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(lora.modules),
        task_type="CAUSAL_LM",
    )


def loading_options() -> dict[str, Any]:
    """Return dtype, device and quantisation of the base model as arguments of ``from_pretrained``."""
    if not torch.cuda.is_available():
        return {"dtype": torch.float32}
    if find_spec("bitsandbytes") is None:
        return {"dtype": torch.bfloat16, "device_map": {"": 0}}
    nf4 = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    return {"dtype": torch.bfloat16, "device_map": {"": 0}, "quantization_config": nf4}


def _loaded(source: str, local: bool) -> tuple[Any, Any]:
    register_decoder()
    tokenizer: Any = AutoTokenizer.from_pretrained(source, local_files_only=local)
    if not tokenizer.chat_template:
        raise ValueError(f"{source} has no chat template")
    model: Any = AutoModelForCausalLM.from_pretrained(source, local_files_only=local, **loading_options())
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    if getattr(model, "is_loaded_in_4bit", False):
        model = prepare_model_for_kbit_training(model)
    return model, tokenizer


def _with_lora(model: Any, lora: LoraShape, start: Path | None) -> Any:
    with warnings.catch_warnings():  # PEFT 0.21 asks for what transformers 5.23 has renamed
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        if start:
            return PeftModel.from_pretrained(model, start, is_trainable=True)
        return get_peft_model(model, peft_config(lora))
