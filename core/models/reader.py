"""A reader: the default embedder's lower layers, taught to say whether a text answers a question.

Layers 1 to 6 of multilingual-e5-small as they are, 7 to 9 with a low-rank change learned by ``bench/reader_fit.py``
and kept beside this file (LoRA: Hu et al. 2021), and two heads: where an answer begins and ends, the first token
standing for none (Devlin et al. 2019), and whether there is one. Does not choose what is read
(``core.generation.excerpt``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertModel
from transformers.utils import logging as transformers_logging

from core.models.e5 import PASSAGE_PREFIX, QUERY_PREFIX

N_FROZEN, N_LAYERS = 6, 9
RANK = 8
"""Rank of the change to each matrix."""

MAX_QUESTION_TOKENS, MAX_TEXT_TOKENS = 64, 180

_STRENGTH = 2.0
"""What the product of the two low-rank matrices is multiplied by."""

_NOWHERE = -1e4
"""The log-odds of a token that no answer can begin or end at."""

Learned = Mapping[str, NDArray[np.floating[Any]]]


class ReaderNet(nn.Module):
    """The network, without what it has learned. Everywhere: masks are true for the tokens they are named after."""

    def __init__(self, bert: BertModel) -> None:
        super().__init__()
        width = bert.config.hidden_size
        self.embeddings = bert.embeddings
        self.frozen = bert.encoder.layer[:N_FROZEN]
        self.layers = bert.encoder.layer[N_FROZEN:N_LAYERS]
        self.kinds = nn.Parameter(torch.zeros(2, width))
        self.marks = nn.Linear(width, 2)
        self.verdict = nn.Linear(3 * width + 2, 1)

    def read(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return what the frozen layers make of token ids ``(B, T)``: states ``(B, T, dim)``."""
        return _through(self.frozen, self.embeddings(input_ids=ids), mask)

    def judge(self, states: Tensor, mask: Tensor, question: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        """Return the log-odds that the text answers ``(B,)``, and those of an answer's begin and end ``(B, T, 2)``.

        The latter are for the text's tokens, and at the first one for "there is none".
        """
        states = states + self.kinds[0] * question[..., None] + self.kinds[1] * text[..., None]
        states = _through(self.layers, states, mask).float()
        marks = self.marks(states)
        inside = marks.masked_fill(~text[..., None], _NOWHERE)
        where = torch.softmax(inside.sum(-1), 1)  # (B, T)
        asked = (states * question[..., None]).sum(1) / question.sum(1, keepdim=True)
        answered = (states * where[..., None]).sum(1)
        ahead = torch.logsumexp(inside, 1) - marks[:, 0]  # by how much some place is likelier than none
        verdict = self.verdict(torch.cat([states[:, 0], asked, answered, ahead], 1))[:, 0]
        return verdict, torch.cat([marks[:, :1], inside[:, 1:]], 1)


class LowRank(nn.Module):
    """A linear layer that stays as it is, and a change of low rank that is learned."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear
        self.down = nn.Parameter(torch.randn(RANK, linear.in_features) / math.sqrt(linear.in_features))
        self.up = nn.Parameter(torch.zeros(linear.out_features, RANK))

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(…, out)`` for ``x`` of ``(…, in)``."""
        change = nn.functional.linear(nn.functional.linear(x, self.down), self.up)
        changed: Tensor = self.linear(x) + _STRENGTH * change
        return changed


class E5Reader:
    """The reader with all it has learned, ready to use from several threads."""

    def __init__(self, folder: Path) -> None:
        """Load the embedder's weights from ``folder``. Raises ``OSError`` or ``ValueError`` when it holds none."""
        transformers_logging.disable_progress_bar()
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.encode_special_tokens = True
        bert: Any = BertModel.from_pretrained(folder, add_pooling_layer=False, local_files_only=True)
        self._begin, self._end = bert.config.bos_token_id, bert.config.eos_token_id
        self._net = ReaderNet(bert).train(False)
        with (files("core.models") / "reader.npz").open("rb") as file, np.load(file) as learned:
            apply_learned(self._net, learned)

    def count_tokens(self, text: str) -> int:
        """Return how many tokens ``text`` is."""
        return len(self._ids(text))

    @torch.inference_mode()
    def log_odds(self, question: str, text: str) -> float:
        """Return the log-odds that ``text`` answers ``question``; what is too long is cut off. Blocks."""
        asked = self._ids(QUERY_PREFIX + question)[:MAX_QUESTION_TOKENS]
        read = self._ids(PASSAGE_PREFIX + text)[:MAX_TEXT_TOKENS]
        ids, is_question, is_text = laid_out(asked, read, self._begin, self._end)
        mask = torch.ones_like(is_text)
        verdict, _ = self._net.judge(self._net.read(ids, mask), mask, is_question, is_text)
        return float(verdict[0])

    def _ids(self, text: str) -> list[int]:
        encodable = text.encode("utf-8", "replace").decode("utf-8")  # half of a surrogate pair has no UTF-8
        ids: list[int] = self._tokenizer.encode(encodable, add_special_tokens=False).ids
        return ids


def laid_out(question: list[int], text: list[int], begin: int, end: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return token ids as the network reads them, and the masks of question and text, each ``(1, T)``."""
    ids = torch.tensor([[begin, *question, end, *text, end]])
    place = torch.arange(ids.shape[1])[None]
    n_before = len(question) + 2
    is_question = (place > 0) & (place <= len(question))
    return ids, is_question, (place >= n_before) & (place < n_before + len(text))


def apply_learned(net: ReaderNet, learned: Learned) -> None:
    """Put what was learned into ``net``. Raises ``KeyError`` where something is missing."""
    for name, module in net.layers.named_modules():
        if isinstance(module, nn.Linear):
            down, up = (torch.from_numpy(learned[f"{name}.{part}"].astype(np.float32)) for part in ("down", "up"))
            module.weight.data = module.weight.data + _STRENGTH * up @ down
    for name, parameter in net.named_parameters():
        if is_learned_whole(name):
            parameter.data = torch.from_numpy(learned[name].astype(np.float32))


def is_learned_whole(name: str) -> bool:
    """Tell whether a parameter of ``ReaderNet`` was learned itself, not as a change of low rank."""
    return name.startswith(("kinds", "marks", "verdict")) or (name.startswith("layers") and "LayerNorm" in name)


def _through(layers: Any, states: Tensor, mask: Tensor) -> Tensor:
    hidden = None if bool(mask.all()) else torch.zeros(mask.shape).masked_fill(~mask, -1e4)[:, None, None, :]
    for layer in layers:
        out = layer(states, attention_mask=hidden)
        states = out[0] if isinstance(out, tuple) else out
    return states
