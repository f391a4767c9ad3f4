"""The decoder as a transformers model: embedding, pre-norm layers of attention and experts, tied output.

After ``register_decoder`` the Auto classes load it, so that whatever works on a transformers model works on this one:
``generate``, PEFT's LoRA on the seven projections, TRL, and the engines of ``core.generation.local``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, GenerationMixin, PreTrainedModel
from transformers import initialization as init
from transformers.cache_utils import Cache
from transformers.masking_utils import create_causal_mask
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.modeling_outputs import BaseModelOutputWithPast, CausalLMOutputWithPast
from transformers.modeling_utils import slice_logits_to_keep

from core.nn.attention import CausalSelfAttention, Rotation
from core.nn.config import MODEL_TYPE, DecoderConfig
from core.nn.feed_forward import FeedForward
from core.nn.kv_cache import KvCache
from core.nn.moe import ExpertRouter, MixtureOfExperts, Routing, balance_loss, z_loss
from core.nn.rope import angles, frequencies


@dataclass
class DecoderStates(BaseModelOutputWithPast):
    """Hidden states and cache; ``routings`` has one ``Routing`` a layer, none without experts."""

    routings: tuple[Routing, ...] = None  # type: ignore[assignment]  # transformers wants None as the default


@dataclass
class DecoderOutput(CausalLMOutputWithPast):
    """Logits, loss and cache; ``routings`` as in ``DecoderStates``."""

    routings: tuple[Routing, ...] = None  # type: ignore[assignment]  # transformers wants None as the default


class DecoderLayer(GradientCheckpointingLayer):
    """x + attention(norm(x)), then x + experts(norm(x))."""

    def __init__(self, config: DecoderConfig, layer: int) -> None:
        super().__init__()
        width, inner = config.hidden_size, config.intermediate_size
        self.input_layernorm = nn.RMSNorm(width, config.rms_norm_eps)
        self.self_attn = CausalSelfAttention(
            width, config.num_attention_heads, config.num_key_value_heads, layer, config.attention_dropout
        )
        self.post_attention_layernorm = nn.RMSNorm(width, config.rms_norm_eps)
        self.mlp = (
            MixtureOfExperts(width, inner, config.num_local_experts, config.num_experts_per_tok, config.norm_topk_prob)
            if config.num_local_experts > 1
            else FeedForward(width, inner)
        )

    def forward(
        self, x: Tensor, rotation: Rotation, mask: Tensor | None = None, cache: Cache | None = None
    ) -> tuple[Tensor, Routing | None]:
        """Return the layer's output (batch, t, width), and where its tokens went (``None`` without experts)."""
        x = x + self.self_attn(self.input_layernorm(x), rotation, mask, cache)
        out = self.mlp(self.post_attention_layernorm(x))
        out, routing = out if isinstance(out, tuple) else (out, None)
        return x + out, routing


class DecoderBase(PreTrainedModel):
    """What both decoders have in common: configuration, abilities, initial weights."""

    config: DecoderConfig
    config_class = DecoderConfig
    base_model_prefix = "model"
    supports_gradient_checkpointing = True
    _no_split_modules = ["DecoderLayer"]  # noqa: RUF012
    _supports_sdpa = True

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)  # type: ignore[no-untyped-call]
        if isinstance(module, ExpertRouter):
            init.normal_(module.weight, std=self.config.initializer_range)
            init.zeros_(module.bias)


class DecoderStack(DecoderBase):
    """The decoder without its output layer."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__(config)
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(DecoderLayer(config, layer) for layer in range(config.num_hidden_layers))
        self.norm = nn.RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.gradient_checkpointing = False
        self.post_init()  # type: ignore[no-untyped-call]

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        past_key_values: Cache | None = None,
        inputs_embeds: Tensor | None = None,
        use_cache: bool | None = None,
        output_hidden_states: bool | None = None,
        **_: Any,
    ) -> DecoderStates:
        """Return the last hidden states (batch, t, width), the cache, and where each layer's tokens went.

        ``attention_mask`` (batch, tokens) is 0 at padding. ``output_hidden_states``: return what goes into each layer
        too, and behind it the last hidden states, as transformers' own models do. Raises ``ValueError`` for no tokens,
        or more of them, cached ones counted, than ``max_position_embeddings``.
        """
        x = self.embed_tokens(input_ids) if inputs_embeds is None else inputs_embeds
        if past_key_values is None and use_cache:
            past_key_values = KvCache()
        n_known = past_key_values.get_seq_length() if past_key_values is not None else 0
        self._require_length(x, n_known)
        if position_ids is None:
            position_ids = torch.arange(n_known, n_known + x.shape[1], device=x.device)[None]
        mask = create_causal_mask(
            config=self.config,
            inputs_embeds=x,
            attention_mask=attention_mask,
            past_key_values=past_key_values,
            position_ids=position_ids,
        )
        rotation = self._rotation(position_ids, x.dtype)
        routings, entered = [], []
        for layer in self.layers:
            entered.append(x)
            x, routing = layer(x, rotation, mask=mask, cache=past_key_values)
            routings.append(routing)
        found = tuple(routing for routing in routings if routing is not None)
        last = self.norm(x)
        return DecoderStates(
            last_hidden_state=last,
            past_key_values=past_key_values,
            hidden_states=(*entered, last) if output_hidden_states else None,
            routings=found,
        )

    def _rotation(self, positions: Tensor, dtype: torch.dtype) -> Rotation:
        size = self.config.hidden_size // self.config.num_attention_heads
        theta = angles(positions, frequencies(size, self.config.rope_theta, positions.device))[:, None]
        return theta.cos().to(dtype), theta.sin().to(dtype)

    def _require_length(self, x: Tensor, n_known: int) -> None:
        if not x.shape[0] * x.shape[1]:
            raise ValueError("a batch without tokens")
        if n_known + x.shape[1] > self.config.max_position_embeddings:
            longest = self.config.max_position_embeddings
            raise ValueError(f"{n_known + x.shape[1]} tokens are more than the {longest} that the model was trained on")


class Decoder(DecoderBase, GenerationMixin):
    """The decoder with its output layer, which is the transposed embedding where ``tie_word_embeddings`` is set."""

    _tied_weights_keys = {"lm_head.weight": "model.embed_tokens.weight"}  # noqa: RUF012

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__(config)
        self.model = DecoderStack(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.loss_type = "ForCausalLM"  # transformers reads it off a class's name otherwise
        self.post_init()  # type: ignore[no-untyped-call]

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        past_key_values: Cache | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        output_hidden_states: bool | None = None,
        logits_to_keep: int | Tensor = 0,
        **options: Any,
    ) -> DecoderOutput:
        """Return logits (batch, t, vocabulary) of the token after each, and with ``labels`` their mean cross-entropy.

        A label of -100 counts nothing. ``logits_to_keep``: compute those of the last so many tokens, 0 for all. Raises
        as ``DecoderStack.forward``.
        """
        states = self.model(
            input_ids, attention_mask, position_ids, past_key_values, inputs_embeds, use_cache, output_hidden_states
        )
        logits = self.lm_head(slice_logits_to_keep(states.last_hidden_state, logits_to_keep))
        loss = None if labels is None else self.loss_function(logits, labels, self.config.vocab_size, **options)
        return DecoderOutput(
            loss=loss,
            logits=logits,
            past_key_values=states.past_key_values,
            hidden_states=states.hidden_states,
            routings=states.routings,
        )

    def router_loss(self, routings: Sequence[Routing]) -> Tensor:
        """Return the mean over layers of λ times the balance loss plus the z-loss times its weight.

        For training all weights; where the routers are frozen, as under LoRA, there is nothing for it to move.
        """
        config = self.config
        losses = [config.balance_weight * balance_loss(each) + config.z_weight * z_loss(each) for each in routings]
        return torch.stack(losses).mean() if losses else self.lm_head.weight.new_zeros(())

    def balance(self, counts: Tensor, rate: float) -> None:
        """Move each router's selection bias against the load ``counts`` (layers, E): balancing without a loss."""
        for layer, load in zip(self.model.layers, counts, strict=True):
            layer.mlp.gate.balance(load, rate)

    @property
    def n_active(self) -> int:
        """Return the weights that a token is multiplied with: all but those of experts that do not read it.

        The output layer counts, an embedding that is only looked up does not: training takes 6 times as many FLOPs a
        token, attention over its context aside (specification 1.8).
        """
        config = self.config
        n_idle = config.num_hidden_layers * (config.num_local_experts - config.num_experts_per_tok)
        of_expert = 3 * config.hidden_size * config.intermediate_size
        table = 0 if config.tie_word_embeddings else self.model.embed_tokens.weight.numel()
        return sum(weights.numel() for weights in self.parameters()) - n_idle * of_expert - table


def register_decoder() -> None:
    """Make the Auto classes of transformers know the decoder. May be called again."""
    AutoConfig.register(MODEL_TYPE, DecoderConfig, exist_ok=True)
    AutoModel.register(DecoderConfig, DecoderStack, exist_ok=True)
    AutoModelForCausalLM.register(DecoderConfig, Decoder, exist_ok=True)
