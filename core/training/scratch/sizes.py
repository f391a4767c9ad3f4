"""Sizes of models that are trained from scratch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from core.nn.config import DecoderConfig


@dataclass(frozen=True, slots=True)
class ModelSize:
    """Shape of a decoder, and the text of one update: ``rows`` of ``context`` tokens. ``rate``: highest learning rate.

    ``width`` of the hidden states, ``inner`` width of each of ``n_experts``, of which ``n_chosen`` read a token.
    """

    vocab: int
    width: int
    inner: int
    n_layers: int
    n_heads: int
    n_kv_heads: int
    context: int
    rows: int
    rate: float
    n_experts: int = 8
    n_chosen: int = 2

    def config(self, vocab: int, end: int, balance_weight: float, z_weight: float = 0.0) -> DecoderConfig:
        """Return the decoder's configuration for a tokenizer of ``vocab`` tokens, ``end`` among them."""
        return DecoderConfig(
            vocab_size=vocab,
            hidden_size=self.width,
            intermediate_size=self.inner,
            num_hidden_layers=self.n_layers,
            num_attention_heads=self.n_heads,
            num_key_value_heads=self.n_kv_heads,
            max_position_embeddings=self.context,
            num_local_experts=self.n_experts,
            num_experts_per_tok=self.n_chosen,
            balance_weight=balance_weight,
            z_weight=z_weight,
            eos_token_id=end,
            pad_token_id=end,
        )

    def narrowed(self, width: int, n_layers: int) -> ModelSize:
        """Return the size with another width and depth, the other widths in proportion and in multiples of 8."""
        inner = max(8, round(self.inner * width / self.width / 8) * 8)
        n_heads = max(1, width * self.n_heads // self.width)
        return replace(self, width=width, inner=inner, n_layers=n_layers, n_heads=n_heads, n_kv_heads=n_heads)


SIZES: Mapping[str, ModelSize] = MappingProxyType(
    {
        "tiny": ModelSize(2_048, 128, 192, 4, 4, 4, 512, 4, 4e-3),
        "small": ModelSize(8_192, 384, 512, 8, 6, 6, 1_024, 16, 1.5e-3),
        "medium": ModelSize(16_384, 768, 1_024, 12, 12, 4, 1_024, 32, 8e-4),
    }
)
"""About 3, 45 and 260 million weights, of which a token is multiplied with 1, 17 and 88 million."""
