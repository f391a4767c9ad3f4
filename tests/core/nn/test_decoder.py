"""The decoder beside transformers' own, through its Auto classes, with a cache, in batches and with LoRA weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, MixtralConfig, MixtralForCausalLM

from core.nn.config import DecoderConfig
from core.nn.decoder import Decoder, register_decoder
from core.nn.kv_cache import KvCache
from core.nn.moe import balance_loss, z_loss

SHAPE: dict[str, Any] = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "rms_norm_eps": 1e-5,
    "tie_word_embeddings": True,
    "initializer_range": 0.3,
    "eos_token_id": 1,
    "pad_token_id": 0,
    "bos_token_id": None,
}


def decoder(n_experts: int = 4, seed: int = 0, **changes: Any) -> Any:
    torch.manual_seed(seed)
    k = 2 if n_experts > 1 else 1
    config = DecoderConfig(**{**SHAPE, **changes}, num_local_experts=n_experts, num_experts_per_tok=k)
    return Decoder(config).train(False)


def tokens(*shape: int) -> torch.Tensor:
    return torch.randint(2, 64, shape, generator=torch.Generator().manual_seed(3))


@pytest.fixture
def ids() -> torch.Tensor:
    return tokens(2, 20)


def test_without_experts_it_is_llama(ids: torch.Tensor) -> None:
    ours = decoder(1)
    theirs: Any = LlamaForCausalLM(
        LlamaConfig(**SHAPE, rope_parameters={"rope_type": "default", "rope_theta": 1e4})
    ).eval()
    theirs.load_state_dict(ours.state_dict())
    assert torch.allclose(ours(ids).logits, theirs(ids).logits, atol=1e-5)
    assert torch.allclose(ours(ids, labels=ids).loss, theirs(ids, labels=ids).loss, atol=1e-5)
    states = (model(ids, output_hidden_states=True).hidden_states for model in (ours, theirs))
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(*states, strict=True))


def test_with_experts_and_normalised_weights_it_is_mixtral(ids: torch.Tensor) -> None:
    ours = decoder(norm_topk_prob=True)
    theirs: Any = MixtralForCausalLM(
        MixtralConfig(
            **SHAPE,
            num_local_experts=4,
            num_experts_per_tok=2,
            rope_parameters={"rope_type": "default", "rope_theta": 1e4},
        )
    ).eval()
    state = ours.state_dict()
    for layer in range(2):
        of = f"model.layers.{layer}.mlp"
        names = {name: [f"{of}.experts.{e}.{name}.weight" for e in range(4)] for name in ("gate_proj", "up_proj")}
        fused = [torch.cat([state.pop(g), state.pop(u)]) for g, u in zip(*names.values(), strict=True)]
        state[f"{of}.experts.gate_up_proj"] = torch.stack(fused)
        down = [state.pop(f"{of}.experts.{e}.down_proj.weight") for e in range(4)]
        state[f"{of}.experts.down_proj"] = torch.stack(down)
        del state[f"{of}.gate.bias"]
    theirs.load_state_dict(state)
    assert torch.allclose(ours(ids).logits, theirs(ids).logits, atol=1e-5)


@pytest.mark.parametrize("n_experts", [1, 4])
def test_the_auto_classes_load_what_was_saved(tmp_path: Path, ids: torch.Tensor, n_experts: int) -> None:
    register_decoder()
    register_decoder()
    saved = decoder(n_experts)
    saved.save_pretrained(tmp_path)
    loaded: Any = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert isinstance(loaded, Decoder)
    assert torch.equal(loaded.train(False)(ids).logits, saved(ids).logits)
    assert loaded.lm_head.weight is loaded.model.embed_tokens.weight


@pytest.mark.parametrize("options", [{"do_sample": False}, {"do_sample": False, "num_beams": 3}])
def test_the_same_tokens_are_written_with_and_without_a_cache(options: dict[str, Any]) -> None:
    model, prompt = decoder(), tokens(1, 7)
    without, dynamic = (model.generate(prompt, max_new_tokens=40, use_cache=use, **options) for use in (False, True))
    growing = model.generate(prompt, max_new_tokens=40, past_key_values=KvCache(), **options)
    assert torch.equal(without, dynamic)
    assert torch.equal(without, growing)


def test_prefill_and_single_steps_are_the_full_forward_pass() -> None:
    model, whole = decoder().double(), tokens(2, 30)
    with torch.no_grad():
        exact = model(whole).logits
        first = model(whole[:, :11], use_cache=True)
        assert isinstance(first.past_key_values, KvCache)
        parts = [first.logits, model(whole[:, 11:18], past_key_values=first.past_key_values).logits]
        parts += [model(whole[:, [t]], past_key_values=first.past_key_values).logits for t in range(18, 30)]
    assert torch.allclose(torch.cat(parts, 1), exact, atol=1e-10, rtol=0)


def test_padding_on_the_left_changes_nothing(ids: torch.Tensor) -> None:
    model = decoder()
    padded = torch.cat([torch.zeros(2, 6, dtype=torch.long), ids], 1)
    mask = (torch.arange(26) >= 6).long().expand(2, -1)
    positions = (torch.arange(26) - 6).clamp_min(0).expand(2, -1)
    out = model(padded, attention_mask=mask, position_ids=positions).logits[:, 6:]
    assert torch.allclose(out, model(ids).logits, atol=1e-5)


def test_packed_texts_do_not_see_each_other(ids: torch.Tensor) -> None:
    model = decoder()
    positions = torch.cat([torch.arange(8), torch.arange(12)])[None]
    packed = model(torch.cat([ids[:1, :8], ids[1:, :12]], 1), position_ids=positions).logits
    alone = torch.cat([model(ids[:1, :8]).logits, model(ids[1:, :12]).logits], 1)
    assert torch.allclose(packed, alone, atol=1e-5)


def test_recomputed_activations_give_the_same_gradients(ids: torch.Tensor) -> None:
    model = decoder().train()
    model(ids, labels=ids).loss.backward()
    kept = [weights.grad.clone() for weights in model.parameters() if weights.grad is not None]
    model.zero_grad()
    model.activation_checkpointing_enable()
    model(ids, labels=ids).loss.backward()
    again = [weights.grad for weights in model.parameters() if weights.grad is not None]
    assert len(kept) == len(again)
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(kept, again, strict=True))


def test_the_routers_loss_is_the_weighted_mean_over_layers(ids: torch.Tensor) -> None:
    model = decoder(balance_weight=0.5, z_weight=0.1)
    routings = model(ids).routings
    by_hand = torch.stack([0.5 * balance_loss(each) + 0.1 * z_loss(each) for each in routings]).mean()
    assert len(routings) == 2
    assert model.router_loss(routings).item() == pytest.approx(by_hand.item())
    assert decoder(1).router_loss(decoder(1)(ids).routings).item() == 0


def test_the_last_logits_alone_are_computed_where_they_are_asked_for(ids: torch.Tensor) -> None:
    model = decoder()
    assert torch.allclose(model(ids, logits_to_keep=1).logits, model(ids).logits[:, -1:], atol=1e-6)


@pytest.mark.parametrize("n_experts", [1, 4])
def test_active_weights_are_those_with_a_gradient_from_one_token(n_experts: int) -> None:
    """One token moves k experts; the embedding it looks up is tied to the output layer, which it is multiplied with."""
    model = decoder(n_experts)
    model(tokens(1, 1)).logits.sum().backward()
    read = [weights for weights in model.parameters() if weights.grad is not None and weights.grad.any()]
    unread_by_one = {"q_proj", "k_proj"}  # a token alone sees only itself: its scores have no slope
    rest = sum(
        weights.numel() for name, weights in model.named_parameters() if any(part in name for part in unread_by_one)
    )
    assert model.n_active == sum(weights.numel() for weights in read) + rest


def test_bad_input_is_refused() -> None:
    model = decoder()
    with pytest.raises(ValueError, match="65 tokens are more than the 64"):
        model(tokens(1, 65))
    cache = KvCache()
    with torch.no_grad():
        model(tokens(1, 60), past_key_values=cache)
    with pytest.raises(ValueError, match="66 tokens"):
        model(tokens(1, 6), past_key_values=cache)
    for empty in (tokens(0, 5), tokens(2, 0)):
        with pytest.raises(ValueError, match="without tokens"):
            model(empty)
