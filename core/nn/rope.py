"""Rotary position embedding: complex form, real form, and the layout of Llama's weights (specification 1.2).

A head of even size d is d/2 pairs of numbers; at position t, pair i is turned by the angle θ_i = t ω_i with
ω_i = base^(-2i/d) (Su et al. 2021, arXiv 2104.09864). The specification prints the exponent without its minus sign:
with +2i/d the last pairs would turn by thousands of radians between neighbours, which tells nothing about distance.

``rotate_complex`` and ``rotate_pairs`` pair neighbours (2i, 2i + 1), as the specification does; ``rotate_halves`` pairs
i with i + d/2, as Llama's weights and transformers do. They are the same rotation of reordered numbers.
"""

from __future__ import annotations

import torch
from torch import Tensor

BASE = 10_000.0


def frequencies(head_size: int, base: float = BASE, device: torch.device | None = None) -> Tensor:
    """Return ω, shape (d/2,), in radians a position. Raises ``ValueError`` for an odd ``head_size``."""
    if head_size % 2:
        raise ValueError(f"a head of odd size {head_size} cannot be split into pairs")
    exponents = torch.arange(0, head_size, 2, dtype=torch.float32, device=device) / head_size
    return 1.0 / base**exponents


def angles(positions: Tensor, omega: Tensor) -> Tensor:
    """Return θ, shape (..., t, d/2), of ``positions`` (..., t) and frequencies (d/2,)."""
    return positions[..., None].to(omega.dtype) * omega


def rotate_complex(x: Tensor, theta: Tensor) -> Tensor:
    """Return z e^(jθ) for ``x`` (..., t, d) read as complex numbers z = x_2i + j x_2i+1."""
    z = torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2))
    return torch.view_as_real(z * torch.polar(torch.ones_like(theta), theta).to(z.dtype)).flatten(-2)


def rotate_pairs(x: Tensor, theta: Tensor) -> Tensor:
    """Return ``x`` (..., t, d) with each pair (x_2i, x_2i+1) multiplied by [[cos θ, -sin θ], [sin θ, cos θ]]."""
    cos, sin = theta.cos().to(x.dtype), theta.sin().to(x.dtype)
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


def rotate_halves(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Return ``x`` (..., t, d) with each pair (x_i, x_i+d/2) turned; ``cos`` and ``sin`` of θ are (..., t, d/2)."""
    first, second = x.chunk(2, -1)
    return torch.cat((first * cos - second * sin, first * sin + second * cos), -1)


def halves_of_pairs(x: Tensor) -> Tensor:
    """Return ``x`` (..., d) reordered from the specification's layout to Llama's: even numbers first, then odd."""
    return torch.cat((x[..., 0::2], x[..., 1::2]), -1)


def pairs_of_halves(x: Tensor) -> Tensor:
    """Return ``x`` (..., d) reordered from Llama's layout to the specification's; undoes ``halves_of_pairs``."""
    return torch.stack(x.chunk(2, -1), -1).flatten(-2)
