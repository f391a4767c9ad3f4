from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaAttention

from core.nn.attention import CausalSelfAttention, Rotation
from core.nn.kv_cache import KvCache
from core.nn.rope import angles, frequencies, rotate_halves


def rotation(n_tokens: int, size: int, first: int = 0) -> Rotation:
    theta = angles(torch.arange(first, first + n_tokens), frequencies(size).double())[None, None]
    return theta.cos(), theta.sin()


def module(n_kv_heads: int = 4, seed: int = 0) -> CausalSelfAttention:
    torch.manual_seed(seed)
    return CausalSelfAttention(16, 4, n_kv_heads).double()


def loop(attention: CausalSelfAttention, x: Tensor) -> Tensor:
    """The specification's equations, one query and one head at a time."""
    n_tokens, size = x.shape[0], attention.head_size
    cos, sin = rotation(n_tokens, size)
    group = attention.q_proj.out_features // attention.k_proj.out_features
    heads = []
    for head in range(attention.q_proj.out_features // size):
        rows, kv_rows = (slice(h * size, (h + 1) * size) for h in (head, head // group))
        q = rotate_halves(x @ attention.q_proj.weight[rows].T, cos[0, 0], sin[0, 0])
        k = rotate_halves(x @ attention.k_proj.weight[kv_rows].T, cos[0, 0], sin[0, 0])
        v = x @ attention.v_proj.weight[kv_rows].T
        out = []
        for t in range(n_tokens):
            scores = torch.stack([q[t] @ k[j] / math.sqrt(size) for j in range(t + 1)])
            shares = scores.exp() / scores.exp().sum()
            out.append(sum(share * v[j] for j, share in enumerate(shares)))
        heads.append(torch.stack(out))
    return torch.cat(heads, -1) @ attention.o_proj.weight.T


@pytest.mark.parametrize("n_kv_heads", [4, 2, 1])
def test_it_is_the_equation(n_kv_heads: int) -> None:
    attention, x = module(n_kv_heads), torch.randn(2, 9, 16, dtype=torch.float64)
    out = attention(x, rotation(9, 4))
    for row in range(2):
        assert torch.allclose(out[row], loop(attention, x[row]), atol=1e-10, rtol=0)


@pytest.mark.parametrize("n_kv_heads", [4, 2])
def test_llama_computes_the_same_with_the_same_weights(n_kv_heads: int) -> None:
    ours = module(n_kv_heads).float()
    config = LlamaConfig(hidden_size=16, num_attention_heads=4, num_key_value_heads=n_kv_heads)
    config._attn_implementation = "sdpa"
    theirs = LlamaAttention(config, 0)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 9, 16)
    cos, sin = (each.float() for each in rotation(9, 4))
    whole = (torch.cat((each[0], each[0]), -1) for each in (cos, sin))
    assert torch.allclose(ours(x, (cos, sin)), theirs(x, tuple(whole), None)[0], atol=1e-5, rtol=0)


def test_its_gradient_is_that_of_finite_differences() -> None:
    attention, x = module(2), torch.randn(1, 4, 16, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda each: attention(each, rotation(4, 4)), (x,))


def test_no_token_sees_a_later_one() -> None:
    attention, x = module(), torch.randn(1, 9, 16, dtype=torch.float64)
    before = attention(x, rotation(9, 4))
    x[0, 6:] += 1
    after = attention(x, rotation(9, 4))
    assert torch.equal(before[0, :6], after[0, :6])
    assert not torch.allclose(before[0, 6:], after[0, 6:])


def test_a_token_by_itself_after_cached_ones_is_what_it_is_in_the_whole() -> None:
    attention, x, cache = module(2).eval(), torch.randn(2, 9, 16, dtype=torch.float64), KvCache()
    with torch.no_grad():
        whole = attention(x, rotation(9, 4))
        parts = [attention(x[:, :5], rotation(5, 4), cache=cache)]
        parts += [attention(x[:, t : t + 1], rotation(1, 4, t), cache=cache) for t in range(5, 9)]
    assert torch.allclose(torch.cat(parts, 1), whole, atol=1e-10, rtol=0)


def test_several_new_tokens_after_cached_ones_need_a_mask() -> None:
    attention, x, cache = module(), torch.randn(1, 9, 16, dtype=torch.float64), KvCache()
    with torch.no_grad():
        attention(x[:, :5], rotation(5, 4), cache=cache)
        with pytest.raises(ValueError, match="need a mask"):
            attention(x[:, 5:], rotation(4, 4, 5), cache=cache)


@pytest.mark.parametrize(
    ("width", "n_heads", "n_kv_heads", "sentence"),
    [
        (16, 3, None, "3 heads do not divide a width of 16"),
        (16, 0, None, "0 heads"),
        (16, 4, 3, "3 heads of keys and values do not divide 4"),
        (12, 4, None, "odd size 3"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(width: int, n_heads: int, n_kv_heads: int | None, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        CausalSelfAttention(width, n_heads, n_kv_heads)
