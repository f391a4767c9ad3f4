"""The feed-forward part of a decoder layer, which is also one expert: SwiGLU."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import silu


class FeedForward(nn.Module):
    """down(silu(gate(x)) · up(x)) without biases (Shazeer 2020, arXiv 2002.05202)."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(width, inner, bias=False)
        self.up_proj = nn.Linear(width, inner, bias=False)
        self.down_proj = nn.Linear(inner, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the output (..., width) for ``x`` (..., width)."""
        return self.down_proj(silu(self.gate_proj(x)) * self.up_proj(x))  # type: ignore[no-any-return]
