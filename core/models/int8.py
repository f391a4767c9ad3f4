"""Dynamic int8 quantisation of linear layers for CPUs with AVX-512 VNNI.

Weights have a scale for each output row, activations one for each token, computed at run time. With AVX-512 VNNI an
int8 matrix product takes about a ninth of float32's time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

_LARGEST = 127
_TINY = 1e-9
"""Least scale, to avoid a division by zero."""
_FINER = 254
"""Factor of the second product's activations: rounding residuals, at most ½, are scaled to 127."""


def is_int8_fast() -> bool:
    """Tell whether this CPU has AVX-512 VNNI, which multiplies int8 without intermediate overflow."""
    return bool(torch.cpu.get_capabilities().get("avx512_vnni", False))


def fast_dtype() -> torch.dtype:
    """Return the floating-point type that this CPU multiplies fastest: bfloat16 or float32."""
    has_bfloat16 = torch.cpu.get_capabilities().get("avx512_bf16", False)
    return torch.bfloat16 if has_bfloat16 else torch.float32


def with_fast_arithmetic(model: Any, is_fine: Callable[[str], bool]) -> Any:
    """Convert a model to the arithmetic that this CPU does fastest: bfloat16, else int8 linear layers, else unchanged.

    bfloat16 is preferred: it is faster than int8 and changes embeddings half as much. ``is_fine``: see ``to_int8``.
    """
    if fast_dtype() == torch.bfloat16:
        return model.to(torch.bfloat16)
    if is_int8_fast():
        to_int8(model, is_fine)
    return model


class Int8Linear(nn.Module):
    """A ``torch.nn.Linear`` for inference with int8 weights, and activations of 8 bits, or 16 where ``is_fine``.

    16-bit activations take a second product. They are for inputs with outliers, which one 8-bit scale cannot resolve.
    """

    def __init__(self, linear: nn.Linear, *, is_fine: bool) -> None:
        super().__init__()
        self._is_fine = is_fine
        weight = linear.weight.detach()  # (out, in)
        self._row_scale = weight.abs().amax(1).clamp_min(_TINY) / _LARGEST
        whole = torch.round(weight / self._row_scale[:, None])
        self._weight = whole.to(torch.int8).t().contiguous()  # (in, out)
        self._bias = None if linear.bias is None else linear.bias.detach()

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(…, out)`` for ``x`` of ``(…, in)``."""
        rows = x.reshape(-1, x.shape[-1])
        scale = rows.abs().amax(1, keepdim=True).clamp_min_(_TINY).div_(_LARGEST)
        scaled = rows / scale
        whole = scaled.round()
        y = torch._int_mm(whole.to(torch.int8), self._weight).float()
        if self._is_fine:
            rest = scaled.sub_(whole).mul_(_FINER).round_().to(torch.int8)
            y = torch.add(y, torch._int_mm(rest, self._weight), alpha=1 / _FINER)
        y.mul_(scale).mul_(self._row_scale)
        if self._bias is not None:
            y.add_(self._bias)
        return y.reshape(*x.shape[:-1], -1)


def to_int8(model: nn.Module, is_fine: Callable[[str], bool]) -> None:
    """Replace every linear layer of ``model`` by ``Int8Linear``; ``is_fine`` maps a layer's dotted name to its flag."""
    linears = [(name, module) for name, module in model.named_modules() if isinstance(module, nn.Linear)]
    for name, linear in linears:
        parent, _, attribute = name.rpartition(".")
        setattr(model.get_submodule(parent), attribute, Int8Linear(linear, is_fine=is_fine(name)))
