from __future__ import annotations

import pytest
import torch
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb

from core.nn.rope import (
    angles,
    frequencies,
    halves_of_pairs,
    pairs_of_halves,
    rotate_complex,
    rotate_halves,
    rotate_pairs,
)

POSITIONS = torch.arange(3, 40)


def heads(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def test_the_complex_and_the_real_form_and_the_halves_are_one_rotation() -> None:
    x, theta = heads(2, 3, 37, 16), angles(POSITIONS, frequencies(16).double())
    by_pairs = rotate_pairs(x, theta)
    for t, i in ((0, 0), (5, 3), (36, 7)):  # the equation itself, number by number
        at = theta[t, i]
        even = x[1, 2, t, 2 * i] * at.cos() - x[1, 2, t, 2 * i + 1] * at.sin()
        assert torch.allclose(by_pairs[1, 2, t, 2 * i], even, atol=1e-12)
    assert torch.allclose(rotate_complex(x, theta), by_pairs, atol=1e-10)
    by_halves = rotate_halves(halves_of_pairs(x), theta.cos(), theta.sin())
    assert torch.allclose(pairs_of_halves(by_halves), by_pairs, atol=1e-10)


def test_transformers_rotates_the_same() -> None:
    config = LlamaConfig(hidden_size=64, num_attention_heads=4, max_position_embeddings=64)
    x = heads(2, 4, 37, 16).float()
    cos, sin = LlamaRotaryEmbedding(config)(x, POSITIONS[None])
    theirs, _ = apply_rotary_pos_emb(x, x, cos, sin)
    theta = angles(POSITIONS, frequencies(16))
    assert torch.allclose(rotate_halves(x, theta.cos(), theta.sin()), theirs, atol=1e-6)


def test_a_score_depends_on_the_distance_alone() -> None:
    q, k, omega = heads(8), heads(2, 8)[1], frequencies(8).double()

    def score(at: int, other: int) -> torch.Tensor:
        q_at, k_at = (rotate_pairs(x[None], angles(torch.tensor([t]), omega))[0] for x, t in ((q, at), (k, other)))
        return q_at @ k_at

    assert torch.allclose(score(7, 2), score(1005, 1000), atol=1e-9)
    assert not torch.allclose(score(7, 2), score(7, 3), atol=1e-3)


def test_frequencies_fall_from_one_radian_as_meant_and_do_not_rise_as_printed() -> None:
    omega = frequencies(8, base=10_000.0)
    assert omega.tolist() == pytest.approx([1.0, 0.1, 0.01, 0.001])


def test_an_odd_head_is_refused() -> None:
    with pytest.raises(ValueError, match="odd size 7"):
        frequencies(7)
