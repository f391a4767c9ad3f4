"""Causal self-attention of several heads, with grouped keys and values (specification 1.1 and 2.3).

Softmax(Q Kᵀ / √d_h + M) V of each head, through torch's fused kernels. In the specification's code the mask M is an
argument that defaults to none, so that every token sees those after it; here no mask means the causal one.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers.cache_utils import Cache

from core.nn.rope import rotate_halves

Rotation = tuple[Tensor, Tensor]
"""cos θ and sin θ of the tokens' positions, each (batch or 1, 1, t, head size / 2)."""


class CausalSelfAttention(nn.Module):
    """Attention of ``n_heads`` query heads over ``n_kv_heads`` heads of keys and values (default: as many).

    Projections have no bias; ``dropout`` is of the attention weights, 0..1. ``layer`` is the layer's number in a cache.
    Raises ``ValueError`` when heads do not divide the width, key heads do not divide the heads, or a head has an odd
    size.
    """

    def __init__(
        self, width: int, n_heads: int, n_kv_heads: int | None = None, layer: int = 0, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.head_size = head_size(width, n_heads, n_kv_heads or n_heads)
        kv_width = self.head_size * (n_kv_heads or n_heads)
        self.layer = layer
        self.dropout = dropout
        self.q_proj = nn.Linear(width, width, bias=False)
        self.k_proj = nn.Linear(width, kv_width, bias=False)
        self.v_proj = nn.Linear(width, kv_width, bias=False)
        self.o_proj = nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor, rotation: Rotation, mask: Tensor | None = None, cache: Cache | None = None) -> Tensor:
        """Return the attention's output (batch, t, width) for ``x`` (batch, t, width).

        ``mask`` (batch, 1, t, keys) is true where a query sees a key, or is added to the scores. Without one a query
        sees itself and what came before; a cache with tokens and more than one new token needs a mask.
        """
        q, k, v = (self._heads(projection(x)) for projection in (self.q_proj, self.k_proj, self.v_proj))
        q, k = (rotate_halves(each, *rotation) for each in (q, k))
        if cache is not None:
            k, v = cache.update(k, v, self.layer)
        is_causal = mask is None and q.shape[2] > 1
        if is_causal and k.shape[2] != q.shape[2]:
            raise ValueError(f"{q.shape[2]} new tokens after {k.shape[2] - q.shape[2]} cached ones need a mask")
        is_grouped = k.shape[1] != q.shape[1]
        mixed = scaled_dot_product_attention(
            q, k, v, mask, self.dropout if self.training else 0.0, is_causal, enable_gqa=is_grouped
        )
        return self.o_proj(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]

    def _heads(self, x: Tensor) -> Tensor:
        """Return (batch, heads, t, head size) of (batch, t, heads × head size)."""
        return x.view(*x.shape[:2], -1, self.head_size).transpose(1, 2)


def head_size(width: int, n_heads: int, n_kv_heads: int) -> int:
    """Return the size of a head. Raises ``ValueError`` when the numbers do not fit together."""
    if n_heads < 1 or width % n_heads:
        raise ValueError(f"{n_heads} heads do not divide a width of {width}")
    if n_kv_heads < 1 or n_heads % n_kv_heads:
        raise ValueError(f"{n_kv_heads} heads of keys and values do not divide {n_heads} heads")
    if (width // n_heads) % 2:
        raise ValueError(f"heads of odd size {width // n_heads} cannot be rotated in pairs")
    return width // n_heads
