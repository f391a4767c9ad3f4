from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from torch.utils._python_dispatch import TorchDispatchMode

from core.nn.flash import flash_attention


def qkv(*shape: int) -> tuple[Tensor, Tensor, Tensor]:
    chance = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(*shape, dtype=torch.float64, generator=chance).requires_grad_() for _ in range(3))
    return q, k, v


@pytest.mark.parametrize("n_tokens", [1, 5, 16, 37])
@pytest.mark.parametrize("block", [1, 8, 64])
def test_it_is_attention_forward_and_backward(n_tokens: int, block: int) -> None:
    q, k, v = inputs = qkv(2, 3, n_tokens, 6)
    weights = torch.randn(2, 3, n_tokens, 6, dtype=torch.float64)
    ours = flash_attention(q, k, v, block)
    exact = scaled_dot_product_attention(q, k, v, is_causal=True)
    assert torch.allclose(ours, exact, atol=1e-10, rtol=0)
    grads = torch.autograd.grad((ours * weights).sum(), inputs)
    for ours_grad, exact_grad in zip(grads, torch.autograd.grad((exact * weights).sum(), inputs), strict=True):
        assert torch.allclose(ours_grad, exact_grad, atol=1e-10, rtol=0)


def test_its_gradient_is_that_of_finite_differences() -> None:
    assert torch.autograd.gradcheck(lambda q, k, v: flash_attention(q, k, v, 3), qkv(1, 1, 7, 4))


def test_large_scores_do_not_overflow() -> None:
    q, k, v = (each.detach().float() for each in qkv(1, 1, 20, 4))
    assert flash_attention(1e4 * q, 1e4 * k, v, 8).isfinite().all()


class LargestTensor(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Keeps the number of elements of the largest tensor made in the block."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.n_elements = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        made = func(*args, **(kwargs or {}))
        if isinstance(made, Tensor):
            self.n_elements = max(self.n_elements, made.numel())
        return made


def test_no_tensor_grows_with_the_square_of_the_length() -> None:
    q, k, v = inputs = qkv(1, 1, 512, 4)
    with LargestTensor() as largest:
        torch.autograd.grad(flash_attention(q, k, v, 16).sum(), inputs)
    assert largest.n_elements <= 512 * 4
    with LargestTensor() as naive:
        torch.autograd.grad(((q @ k.mT).softmax(-1) @ v).sum(), inputs)
    assert naive.n_elements == 512 * 512  # what the measure shows where it is not avoided
