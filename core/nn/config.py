"""The shape of a decoder, in the field names of transformers' own configurations."""

from __future__ import annotations

from typing import Any, ClassVar

from huggingface_hub.dataclasses import strict
from transformers import PreTrainedConfig

from core.nn.attention import head_size
from core.nn.rope import BASE

MODEL_TYPE = "aion_decoder"


@strict
class DecoderConfig(PreTrainedConfig):
    """Shape of a ``core.nn.decoder.Decoder``; with one expert its layers have a plain feed-forward part.

    ``intermediate_size`` is the inner width of each of ``num_local_experts``, of which ``num_experts_per_tok`` read a
    token; ``norm_topk_prob``: their weights add up to 1. ``balance_weight`` is λ of the balance loss and ``z_weight``
    the weight of the z-loss in ``Decoder.router_loss``. Raises ``ValueError`` for numbers that do not fit together.
    """

    model_type = MODEL_TYPE
    keys_to_ignore_at_inference: ClassVar[list[str]] = ["past_key_values", "routings"]

    vocab_size: int = 2048
    hidden_size: int = 128
    intermediate_size: int = 192
    num_hidden_layers: int = 4
    num_attention_heads: int = 4
    num_key_value_heads: int | None = None
    max_position_embeddings: int = 512
    num_local_experts: int = 8
    num_experts_per_tok: int = 2
    norm_topk_prob: bool = False
    rope_theta: float = BASE
    rms_norm_eps: float = 1e-5
    attention_dropout: float = 0.0
    initializer_range: float = 0.02
    balance_weight: float = 1e-3
    z_weight: float = 0.0
    use_cache: bool = True
    tie_word_embeddings: bool = True
    pad_token_id: int | None = None
    bos_token_id: int | None = None
    eos_token_id: int | list[int] | None = None

    def __post_init__(self, **options: Any) -> None:
        if self.num_key_value_heads is None:
            self.num_key_value_heads = self.num_attention_heads
        head_size(self.hidden_size, self.num_attention_heads, self.num_key_value_heads)
        if not 1 <= self.num_experts_per_tok <= self.num_local_experts:
            raise ValueError(f"{self.num_experts_per_tok} of {self.num_local_experts} experts cannot be chosen")
        super().__post_init__(**options)  # type: ignore[no-untyped-call]
