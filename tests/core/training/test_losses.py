"""Each loss against plain Python loops, and its gradient against finite differences."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, isclose, log
from statistics import pstdev

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.autograd import gradcheck

from core.training import losses


@dataclass(frozen=True)
class Batch:
    logits: Tensor
    tokens: Tensor
    mask: Tensor
    a: Tensor
    b: Tensor
    c: Tensor


def batch(seed: int, n: int = 3, t: int = 5, v: int = 7) -> Batch:
    """Draw what the losses are given; masks are runs from the first token on, some of them empty."""
    random = torch.Generator().manual_seed(seed)
    lengths = torch.randint(0, t + 1, (n, 1), generator=random)
    draw = [torch.randn((n, t), generator=random, dtype=torch.float64) for _ in range(3)]
    logits = 2 * torch.randn((n, t, v), generator=random, dtype=torch.float64)
    tokens = torch.randint(0, v, (n, t), generator=random)
    return Batch(logits, tokens, torch.arange(t) < lengths, *draw)


def places(of: Batch) -> list[tuple[int, int]]:
    n, t = of.mask.shape
    return [(i, j) for i in range(n) for j in range(t) if of.mask[i, j]]


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def probabilities(logits: Tensor) -> list[float]:
    raised = [exp(x) for x in logits.tolist()]
    return [x / sum(raised) for x in raised]


seeds = pytest.mark.parametrize("seed", range(8))


@seeds
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_cross_entropy(seed: int, smoothing: float):
    of = batch(seed)
    each = []
    for i, j in places(of):
        p = probabilities(of.logits[i, j])
        wanted = [(1 - smoothing) * (k == of.tokens[i, j].item()) + smoothing / len(p) for k in range(len(p))]
        each.append(-sum(y * log(q) for y, q in zip(wanted, p, strict=True)))
    assert isclose(losses.cross_entropy(of.logits, of.tokens, of.mask, smoothing), mean(each), abs_tol=1e-12)


@seeds
def test_token_log_probs_and_entropy(seed: int):
    of = batch(seed)
    told = losses.token_log_probs(of.logits, of.tokens)
    for i, j in places(of):
        assert isclose(told[i, j], log(probabilities(of.logits[i, j])[of.tokens[i, j]]), abs_tol=1e-12)
    each = [-sum(p * log(p) for p in probabilities(of.logits[i, j])) for i, j in places(of)]
    assert isclose(losses.entropy(of.logits, of.mask), mean(each), abs_tol=1e-12)


@seeds
def test_clipped_ratio(seed: int):
    of, clip = batch(seed), 0.2
    each = []
    for i, j in places(of):
        ratio = exp(of.a[i, j] - of.b[i, j])
        kept = min(max(ratio, 1 - clip), 1 + clip)
        each.append(-min(ratio * of.c[i, j], kept * of.c[i, j]))
    assert isclose(losses.clipped_surrogate(of.a, of.b, of.c, of.mask, clip), mean(each), abs_tol=1e-12)


def test_a_ratio_beyond_the_clip_is_pushed_no_further_but_drawn_back():
    new = torch.tensor([[0.5, 0.5, -0.5, -0.5]], requires_grad=True)
    advantages = torch.tensor([[1.0, -1.0, 1.0, -1.0]])
    mask = torch.ones(1, 4, dtype=torch.bool)
    losses.clipped_surrogate(new, torch.zeros(1, 4), advantages, mask, 0.2).backward()
    assert new.grad is not None
    assert [x != 0 for x in new.grad[0].tolist()] == [False, True, True, False]
    assert new.grad[0, 1] > 0 > new.grad[0, 2]  # descending, the bad one falls and the good one rises


@seeds
def test_kl(seed: int):
    of = batch(seed)
    each = [exp(of.a[i, j] - of.b[i, j]) - 1 - (of.a[i, j] - of.b[i, j]).item() for i, j in places(of)]
    kl = losses.kl_divergence(of.a, of.b, of.mask)
    assert isclose(kl, mean(each), abs_tol=1e-12)
    assert kl >= 0


def test_the_estimate_of_kl_is_right_on_average():
    of = batch(3, n=1, t=1)
    policy, base = of.logits[0, 0], of.logits[0, 0].flip(0)
    p, q = probabilities(policy), probabilities(base)
    exact = sum(x * log(x / y) for x, y in zip(p, q, strict=True))
    drawn = torch.multinomial(torch.tensor(p), 200_000, replacement=True, generator=torch.Generator().manual_seed(0))
    new, reference = torch.tensor(p).log()[drawn], torch.tensor(q).log()[drawn]
    estimate = losses.kl_divergence(reference[None], new[None], torch.ones(1, len(drawn), dtype=torch.bool))
    assert isclose(estimate, exact, rel_tol=0.02)


@seeds
def test_generalised_advantage_is_the_sum_of_discounted_surprises(seed: int):
    of, discount, decay = batch(seed), 0.9, 0.8
    advantages, returns = losses.advantages_and_returns(of.a, of.b, of.mask, discount, decay)
    for i in range(len(of.mask)):
        n = int(of.mask[i].sum())
        r, v = of.a[i, :n].tolist(), [*of.b[i, :n].tolist(), 0.0]
        surprises = [r[t] + discount * v[t + 1] - v[t] for t in range(n)]
        for t in range(n):
            wanted = sum((discount * decay) ** (k - t) * surprises[k] for k in range(t, n))
            assert isclose(advantages[i, t], wanted, abs_tol=1e-12)
            assert isclose(returns[i, t], wanted + v[t], abs_tol=1e-12)
        assert not advantages[i, n:].any()


@seeds
def test_with_full_weight_on_what_follows_returns_are_sums_of_rewards(seed: int):
    of = batch(seed)
    _, returns = losses.advantages_and_returns(of.a, of.b, of.mask, 1.0, 1.0)
    for i, j in places(of):
        assert isclose(returns[i, j], of.a[i, j:][of.mask[i, j:]].sum(), abs_tol=1e-9)


@seeds
def test_value_loss(seed: int):
    of, clip = batch(seed), 0.3
    each = []
    for i, j in places(of):
        kept = of.b[i, j] + min(max(of.a[i, j] - of.b[i, j], -clip), clip)
        each.append(0.5 * max((of.a[i, j] - of.c[i, j]) ** 2, (kept - of.c[i, j]) ** 2).item())
    assert isclose(losses.value_loss(of.a, of.b, of.c, of.mask, clip), mean(each), abs_tol=1e-12)


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=20), st.data())
@settings(max_examples=50)
def test_whitened_values_have_mean_0_and_deviation_1(values: list[float], data: st.DataObject):
    flags = data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values)))
    tensor, mask = torch.tensor([values], dtype=torch.float64), torch.tensor([flags])
    kept = [value for value, flag in zip(values, flags, strict=True) if flag]
    scaled = losses.whitened(tensor, mask)
    assert not scaled[~mask].any()
    if kept and max(kept) - min(kept) > 1e-3:
        deviation = pstdev(kept)
        expected = [(value - mean(kept)) / deviation for value in kept]
        assert all(isclose(s, e, abs_tol=1e-6) for s, e in zip(scaled[mask].tolist(), expected, strict=True))
        assert isclose((scaled[mask] ** 2).mean(), 1, rel_tol=1e-6)


@seeds
def test_gradients_are_those_of_finite_differences(seed: int):
    of = batch(seed)
    logits = of.logits.requires_grad_()
    new, values = of.a.clone().requires_grad_(), of.b.clone().requires_grad_()
    assert gradcheck(lambda x: losses.cross_entropy(x, of.tokens, of.mask, 0.1), logits)
    assert gradcheck(lambda x: losses.token_log_probs(x, of.tokens), logits)
    assert gradcheck(lambda x: losses.entropy(x, of.mask), logits)
    assert gradcheck(lambda x: losses.clipped_surrogate(x, of.b, of.c, of.mask, 0.2), new)
    assert gradcheck(lambda x: losses.kl_divergence(of.b, x, of.mask), new)
    assert gradcheck(lambda x: losses.value_loss(x, of.a, of.c, of.mask, 0.3), values)


def test_what_does_not_count_changes_nothing_and_nothing_counting_is_0():
    of = batch(1)
    wild = torch.where(of.mask, of.a, float("inf")).requires_grad_()
    loss = losses.clipped_surrogate(wild, of.b, of.c, of.mask, 0.2) + losses.kl_divergence(of.b, wild, of.mask)
    loss.backward()
    assert loss.isfinite()
    assert wild.grad is not None
    assert wild.grad[of.mask].isfinite().all()
    nothing = torch.zeros_like(of.mask)
    assert losses.cross_entropy(of.logits, of.tokens, nothing) == 0
    assert losses.kl_divergence(of.a, of.b, nothing) == 0
