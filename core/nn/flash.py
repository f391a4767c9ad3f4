"""Attention over blocks with a running softmax, forward and backward, in O(T d) memory (specification 2.1).

FlashAttention-2 (Dao 2023, arXiv 2307.08691) in plain tensor operations: a reference to read and to test against, not a
fast kernel. ``core.nn.attention`` uses torch's own. Of the T × T scores one block exists at a time; the backward pass
recomputes them from the row's log-sum-exp. The specification gives its compute as O(T² d / B): blocks save memory
traffic, not arithmetic, which stays O(T² d).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

BLOCK = 64


def flash_attention(q: Tensor, k: Tensor, v: Tensor, block: int = BLOCK) -> Tensor:
    """Return Softmax(q kᵀ / √d + M) v with the causal mask M; all shapes are (..., t, d), differentiable once.

    ``block`` ≥ 1 is the number of queries, and of keys, in a block.
    """
    return _Flash.apply(q, k, v, block)  # type: ignore[no-any-return, no-untyped-call]


class _Flash(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, block: int) -> Tensor:
        scale = 1 / math.sqrt(q.shape[-1])
        out = torch.empty_like(q)
        log_sums = q.new_empty(q.shape[:-1])
        for rows in _blocks(q.shape[-2], block):
            q_b = q[..., rows, :]
            highest = q_b.new_full(q_b.shape[:-1], -math.inf)  # m
            total = torch.zeros_like(highest)  # ℓ
            weighted = torch.zeros_like(q_b)  # PV
            for columns in _blocks(rows.stop, block):
                scores = _scores(q_b, k[..., columns, :], rows, columns, scale)
                new_highest = torch.maximum(highest, scores.amax(-1))
                shrink = torch.exp(highest - new_highest)
                p = torch.exp(scores - new_highest[..., None])
                total = total * shrink + p.sum(-1)
                weighted = weighted * shrink[..., None] + p @ v[..., columns, :]
                highest = new_highest
            out[..., rows, :] = weighted / total[..., None]
            log_sums[..., rows] = highest + total.log()
        ctx.save_for_backward(q, k, v, out, log_sums)
        ctx.block, ctx.scale = block, scale
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        q, k, v, out, log_sums = ctx.saved_tensors
        grad_q, grad_k, grad_v = torch.zeros_like(q), torch.zeros_like(k), torch.zeros_like(v)
        means = (grad * out).sum(-1)  # Σ_j P_j ∂L/∂P_j of each row, which the softmax's gradient subtracts
        for rows in _blocks(q.shape[-2], ctx.block):
            q_b, grad_b = q[..., rows, :], grad[..., rows, :]
            for columns in _blocks(rows.stop, ctx.block):
                k_b, v_b = k[..., columns, :], v[..., columns, :]
                p = torch.exp(_scores(q_b, k_b, rows, columns, ctx.scale) - log_sums[..., rows, None])
                grad_scores = p * (grad_b @ v_b.mT - means[..., rows, None]) * ctx.scale
                grad_v[..., columns, :] += p.mT @ grad_b
                grad_k[..., columns, :] += grad_scores.mT @ q_b
                grad_q[..., rows, :] += grad_scores @ k_b
        return grad_q, grad_k, grad_v, None


def _blocks(n: int, block: int) -> Iterator[slice]:
    return (slice(start, min(start + block, n)) for start in range(0, n, block))


def _scores(q: Tensor, k: Tensor, rows: slice, columns: slice, scale: float) -> Tensor:
    """Return the masked scores of a block of queries and a block of keys at these positions."""
    scores = (q @ k.mT) * scale
    is_later = (
        torch.arange(columns.start, columns.stop, device=q.device)
        > torch.arange(rows.start, rows.stop, device=q.device)[:, None]
    )
    return scores.masked_fill(is_later, -math.inf)
