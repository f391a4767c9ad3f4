from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import silu
from transformers import MixtralConfig
from transformers.models.mixtral.modeling_mixtral import MixtralSparseMoeBlock

from core.nn.moe import ExpertRouter, MixtureOfExperts, Routing, balance_loss, z_loss


def experts(n: int = 5, k: int = 2, *, is_normalised: bool = False, seed: int = 0) -> MixtureOfExperts:
    torch.manual_seed(seed)
    return MixtureOfExperts(8, 16, n, k, is_normalised).double()


def loop(moe: MixtureOfExperts, x: Tensor) -> Tensor:
    """y = Σ_{i ∈ K(x)} g_i(x) f_i(x), one token at a time."""
    out = []
    for token in x:
        g = (moe.gate.weight @ token).exp() / (moe.gate.weight @ token).exp().sum()
        chosen = sorted(range(len(g)), key=g.detach().tolist().__getitem__, reverse=True)[: moe.gate.n_chosen]
        scale = sum(g[i] for i in chosen) if moe.gate.is_normalised else 1.0
        y = torch.zeros_like(token)
        for i in chosen:
            f: Any = moe.experts[i]
            inner = silu(f.gate_proj.weight @ token) * (f.up_proj.weight @ token)
            y = y + g[i] / scale * (f.down_proj.weight @ inner)
        out.append(y)
    return torch.stack(out)


@pytest.mark.parametrize(("n", "k"), [(5, 1), (5, 2), (4, 4)])
@pytest.mark.parametrize("is_normalised", [False, True])
def test_it_is_the_equation_forward_and_backward(n: int, k: int, is_normalised: bool) -> None:
    moe = experts(n, k, is_normalised=is_normalised)
    x, weights = torch.randn(2, 3, 8, dtype=torch.float64, requires_grad=True), torch.randn(6, 8).double()
    out, exact = moe(x)[0].flatten(0, 1), loop(moe, x.flatten(0, 1))
    assert torch.allclose(out, exact, atol=1e-10, rtol=0)
    of = [x, *moe.parameters()]
    ours = torch.autograd.grad((out * weights).sum(), of, materialize_grads=True)
    theirs = torch.autograd.grad((exact * weights).sum(), of, materialize_grads=True)
    assert all(torch.allclose(a, b, atol=1e-10, rtol=0) for a, b in zip(ours, theirs, strict=True))


def test_mixtral_computes_the_same_with_the_same_weights() -> None:
    ours = experts(is_normalised=True).float()
    config = MixtralConfig(hidden_size=8, intermediate_size=16, num_local_experts=5, num_experts_per_tok=2)
    config._experts_implementation = "eager"
    theirs = MixtralSparseMoeBlock(config)
    with torch.no_grad():
        theirs.gate.weight.copy_(ours.gate.weight)
        expert: Any
        for i, expert in enumerate(ours.experts):
            theirs.experts.gate_up_proj[i] = torch.cat((expert.gate_proj.weight, expert.up_proj.weight))
            theirs.experts.down_proj[i] = expert.down_proj.weight
    x = torch.randn(2, 20, 8)
    assert torch.allclose(ours(x)[0], theirs(x), atol=1e-5, rtol=0)


def test_its_gradient_is_that_of_finite_differences() -> None:
    moe = experts()
    x = torch.randn(1, 4, 8, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda each: moe(each)[0], (x,))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_grouped_products_are_those_of_one_expert_after_the_other(dtype: torch.dtype) -> None:
    moe = experts().to(dtype)
    rows, counts = torch.randn(40, 8).to(dtype), torch.tensor([7, 0, 20, 1, 12])
    grouped, single = moe.grouped(rows, counts), moe.one_by_one(rows, counts)
    close = 1e-5 if dtype == torch.float32 else 2e-2
    assert torch.allclose(grouped, single, atol=close, rtol=close)
    wanted = torch.randn(40, 8).to(dtype)
    of = list(moe.experts.parameters())
    ours, theirs = (torch.autograd.grad((out * wanted).sum(), of, materialize_grads=True) for out in (grouped, single))
    assert all(torch.allclose(a, b, atol=20 * close, rtol=close) for a, b in zip(ours, theirs, strict=True))


def test_grouped_products_follow_autocast() -> None:
    moe = experts().float()
    with torch.autocast("cpu", torch.bfloat16):
        out = moe.grouped(torch.randn(5, 8), torch.tensor([1, 1, 1, 1, 1]))
    assert out.dtype == torch.float32


def test_the_router_stays_precise_under_autocast() -> None:
    moe, x = experts().float(), torch.randn(3, 8)
    with torch.autocast("cpu", torch.bfloat16):
        routing = moe.gate(x.bfloat16())
    assert routing.logits.dtype == torch.float32
    assert torch.allclose(routing.logits, x.bfloat16().float() @ moe.gate.weight.T, atol=1e-6)


def test_every_token_goes_to_k_different_experts() -> None:
    routing = experts(7, 3).gate(torch.randn(50, 8).double())
    assert int(routing.counts.sum()) == 150
    assert all(len(set(row.tolist())) == 3 for row in routing.experts)


def routed(logits: Tensor, k: int = 2) -> Routing:
    top = logits.softmax(-1).topk(k, -1)
    return Routing(logits, top.indices, top.values)


def test_the_balance_loss_has_the_specifications_value_and_a_gradient_that_balances() -> None:
    logits = torch.randn(200, 4, dtype=torch.float64) + torch.tensor([1.0, 0.0, 0.0, -1.0])
    logits.requires_grad_()
    routing = routed(logits)
    shares = routing.counts / routing.counts.sum()
    assert balance_loss(routing).item() == pytest.approx((4 * (shares**2).sum()).item())
    grad = torch.autograd.grad(balance_loss(routing), logits)[0].sum(0)
    assert grad[shares.argmax()] > 0 > grad[shares.argmin()]  # a step against it takes from the busiest
    # Σ_i p_i² by the product rule: twice each share times the slope of the mean probability.
    slope = torch.autograd.grad((8 * shares.detach() * logits.softmax(-1).mean(0)).sum(), logits)[0].sum(0)
    assert torch.allclose(grad, slope, atol=1e-12)
    even = routed(torch.eye(4).repeat(10, 1), 1)
    assert float(balance_loss(even)) == pytest.approx(1.0)
    assert float(balance_loss(routed(torch.tensor([[9.0, 0, 0, 0]]), 1))) == pytest.approx(4.0)


def test_the_z_loss_is_the_mean_square_of_the_log_sum() -> None:
    logits = torch.randn(6, 4, dtype=torch.float64, requires_grad=True)
    by_hand = torch.stack([row.exp().sum().log() ** 2 for row in logits]).mean()
    assert z_loss(routed(logits)).item() == pytest.approx(by_hand.item())


def test_a_bias_balances_the_choice_and_leaves_the_weights_alone() -> None:
    router, x = ExpertRouter(8, 4, 1).double(), torch.randn(400, 8).double()
    with torch.no_grad():
        router.weight[0].add_(0.5 * x.mean(0))
        router.weight.mul_(0.3)
    first = router(x).counts
    for _ in range(300):
        router.balance(router(x).counts, 0.001)
    routing = router(x)
    assert int(routing.counts.max()) < 1.2 * 100 < int(first.max())
    probabilities = routing.logits.softmax(-1)
    assert torch.equal(routing.weights, probabilities.gather(-1, routing.experts))


@pytest.mark.parametrize(("n", "k"), [(2, 3), (4, 0)])
def test_more_experts_than_there_are_cannot_be_chosen(n: int, k: int) -> None:
    with pytest.raises(ValueError, match=f"{k} of {n} experts"):
        MixtureOfExperts(8, 16, n, k)


def test_no_tokens_make_no_output_and_no_loss() -> None:
    out, routing = experts()(torch.zeros(0, 8).double())
    assert out.shape == (0, 8)
    assert balance_loss(routing).item() == z_loss(routing).item() == 0
