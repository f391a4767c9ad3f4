"""A decoder of a few thousand weights."""

from __future__ import annotations

import torch

from core.nn.config import DecoderConfig
from core.nn.decoder import Decoder


def small_decoder(n_vocab: int, context: int, seed: int = 0, spread: float = 0.02) -> Decoder:
    torch.manual_seed(seed)
    config = DecoderConfig(
        vocab_size=n_vocab,
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_local_experts=4,
        max_position_embeddings=context,
        balance_weight=1e-2,
        initializer_range=spread,
        eos_token_id=0,
        pad_token_id=0,
    )
    return Decoder(config)
