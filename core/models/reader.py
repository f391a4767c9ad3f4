"""Answerability probe: linear classifier on the hidden states of four SmolLM2 layers.

The hidden states of the middle layers at the question's last token encode whether the text before it holds the answer,
though the model answers either way (Slobodkin et al. 2023). The probe (Alain and Bengio 2016) is fitted by
``bench/reader_fit.py`` and stored in ``reader.npz``; layers above the last probed one are neither loaded nor run. The
text to read is chosen in ``core.generation.grounding.excerpt``.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import LlamaConfig, LlamaModel

from core.models import smollm2
from core.models.cpu_threads import CpuThreads
from core.models.ggml import Gguf
from core.models.int8 import fast_dtype, with_fast_arithmetic

LAYERS = (11, 14, 17, 20)
"""Layers whose output is probed, concatenated in this order."""

MAX_QUESTION_TOKENS, MAX_TEXT_TOKENS = 64, 320

_BEGIN, _BETWEEN = "<|im_start|>user\n", "\n\n"

Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Probe:
    """A linear classifier with ``weights`` of shape ``(len(LAYERS) * width,)``."""

    weights: Values
    intercept: float

    def log_odds(self, states: Values) -> float:
        """Return the log-odds that the text answers, from its hidden states, shape ``(len(LAYERS) * width,)``."""
        return float(self.weights @ states + self.intercept)


def shipped_probe() -> Probe:
    """Return the probe stored in ``reader.npz``."""
    with (files("core.models") / "reader.npz").open("rb") as file, np.load(file) as fitted:
        return Probe(fitted["weights"].astype(np.float32), float(fitted["intercept"]))


class LayerReader:
    """Lower layers of SmolLM2, which return hidden states. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Load the lower layers of a GGUF file. Raises ``OSError`` or ``ValueError`` when it is no SmolLM2."""
        gguf = Gguf(path)
        self._tokenizer = smollm2.tokenizer(gguf)
        self._begin, self._between = self._marks(_BEGIN), self._marks(_BETWEEN)
        self._tokenizer.encode_special_tokens = True  # from here on a mark in a text is a word like any other
        self._model = with_fast_arithmetic(_lower_layers(gguf), is_fine=lambda name: True)
        self._workers = CpuThreads(torch.get_num_threads())

    def states(self, question: str, text: str) -> Values:
        """Return the hidden states at the end of ``question`` after ``text``, ``(len(LAYERS) * width,)``. Blocks.

        The text is truncated at its end, the question at its start.
        """
        asked = question.rstrip(" ?.!") + "?"
        ids = [
            *self._begin,
            *self._ids(text)[:MAX_TEXT_TOKENS],
            *self._between,
            *self._ids(asked)[-MAX_QUESTION_TOKENS:],
        ]
        return next(self._workers.map(self._probed, [ids]))

    @torch.inference_mode()
    def _probed(self, ids: list[int]) -> Values:
        told = self._model(torch.tensor([ids]), output_hidden_states=True, use_cache=False).hidden_states
        states = torch.cat([told[layer][0, -1] for layer in LAYERS]).float()
        return np.asarray(states.numpy(), np.float32)

    def _marks(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text).ids
        return ids

    def _ids(self, text: str) -> list[int]:
        encodable = text.encode("utf-8", "replace").decode("utf-8")  # half of a surrogate pair has no UTF-8
        return self._marks(encodable)


class ProbedReader:
    """Lower layers with the shipped probe. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Load from the GGUF file ``path``. Raises ``OSError`` or ``ValueError`` when it is no SmolLM2."""
        self._layers, self._probe = LayerReader(path), shipped_probe()

    def log_odds(self, question: str, text: str) -> float:
        """Return the log-odds that ``text`` answers ``question``; too long input is truncated. Blocks."""
        return self._probe.log_odds(self._layers.states(question, text))


def _lower_layers(gguf: Gguf) -> Any:
    """Return the layers up to the last probed one, without the final norm."""
    config = LlamaConfig(**{**smollm2.config(gguf), "num_hidden_layers": max(LAYERS)})
    model: Any = LlamaModel._from_config(config, dtype=fast_dtype())
    model.norm = torch.nn.Identity()
    room = {f"model.{name}": parameter.data for name, parameter in model.named_parameters()}
    for name, weights in smollm2.tensors(gguf):  # one at a time: the process never holds them twice
        if name in room:
            room[name].copy_(torch.from_numpy(weights))
    return model.train(False)
