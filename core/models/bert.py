"""BERT encoder (Devlin et al. 2019) for inference, read from a transformers model folder.

Same results as transformers' ``BertModel``, with one fused projection for queries, keys and values and no code for
training or variants: a question, whose matrix products take 5 ms, is encoded 2 ms faster.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

_NAMES = {
    "attention.output.dense": "attended",
    "attention.output.LayerNorm": "attention_norm",
    "intermediate.dense": "between",
    "output.dense": "out",
    "output.LayerNorm": "out_norm",
}
"""Parts of a layer by their names in transformers; queries, keys and values are fused."""


class Bert(nn.Module):
    """BERT's encoder: token ids to hidden states."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Build the layers described by ``config``, the contents of a ``config.json``; weights are uninitialised."""
        super().__init__()
        width, epsilon = config["hidden_size"], config["layer_norm_eps"]
        self.words = nn.Embedding(config["vocab_size"], width)
        self.positions = nn.Embedding(config["max_position_embeddings"], width)
        self.norm = nn.LayerNorm(width, epsilon)
        self.layers = nn.ModuleList(
            _Layer(width, config["num_attention_heads"], config["intermediate_size"], epsilon)
            for _ in range(config["num_hidden_layers"])
        )

    def forward(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the last hidden states, ``(B, T, dim)``, of token ids ``(B, T)``; ``mask`` is false at padding."""
        states: Tensor = self.norm(self.words(ids) + self.positions.weight[: ids.shape[1]])
        if mask is not None:
            mask = mask[:, None, None, :]  # (B, 1, 1, T), for every head and token
        for layer in self.layers:
            states = layer(states, mask)
        return states


class _Layer(nn.Module):
    def __init__(self, width: int, n_heads: int, width_between: int, epsilon: float) -> None:
        super().__init__()
        self._n_heads = n_heads
        self.attention = nn.Linear(width, 3 * width)
        self.attended = nn.Linear(width, width)
        self.attention_norm = nn.LayerNorm(width, epsilon)
        self.between = nn.Linear(width, width_between)
        self.out = nn.Linear(width_between, width)
        self.out_norm = nn.LayerNorm(width, epsilon)

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        """Return ``(B, T, dim)``."""
        queries, keys, values = self.attention(states).unflatten(-1, (3, self._n_heads, -1)).transpose(1, 3).unbind(2)
        # attention of each head, (B, heads, T, dim / heads)
        heads = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
        states = self.attention_norm(self.attended(heads.transpose(1, 2).flatten(2)) + states)
        out: Tensor = self.out_norm(self.out(functional.gelu(self.between(states))) + states)
        return out


def read_bert(folder: Path) -> tuple[Bert, Mapping[str, Any]]:
    """Return the model in ``folder``, and the contents of its ``config.json``. Blocks.

    Raises ``OSError``, ``ValueError``, ``LookupError``, ``RuntimeError`` or ``SafetensorError`` when it is no model.
    """
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    with torch.device("meta"):
        model = Bert(config)
    model.load_state_dict(_renamed(load_file(folder / "model.safetensors"), len(model.layers)), assign=True)
    return model.requires_grad_(False).eval(), config


def _renamed(weights: Mapping[str, Tensor], n_layers: int) -> dict[str, Tensor]:
    """Return transformers' weights under the names used here, token type 0 added to the position embeddings."""
    kind = weights["embeddings.token_type_embeddings.weight"][0]
    renamed = {
        "words.weight": weights["embeddings.word_embeddings.weight"],
        "positions.weight": weights["embeddings.position_embeddings.weight"] + kind,
    }
    for part in ("weight", "bias"):
        renamed[f"norm.{part}"] = weights[f"embeddings.LayerNorm.{part}"]
        for i in range(n_layers):
            theirs, ours = f"encoder.layer.{i}", f"layers.{i}"
            three = [weights[f"{theirs}.attention.self.{name}.{part}"] for name in ("query", "key", "value")]
            renamed[f"{ours}.attention.{part}"] = torch.cat(three)
            for their_name, name in _NAMES.items():
                renamed[f"{ours}.{name}.{part}"] = weights[f"{theirs}.{their_name}.{part}"]
    return renamed
