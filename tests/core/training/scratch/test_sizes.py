from __future__ import annotations

import pytest
import torch

from core.nn.decoder import Decoder
from core.training.scratch.sizes import SIZES


@pytest.mark.parametrize(("name", "millions", "active"), [("tiny", 2.9, 1.1), ("small", 45, 17), ("medium", 260, 88)])
def test_a_size_has_as_many_weights_as_it_says(name: str, millions: float, active: float) -> None:
    size = SIZES[name]
    with torch.device("meta"):
        model = Decoder(size.config(size.vocab, 0, 1e-2))
    assert sum(weights.numel() for weights in model.parameters()) / 1e6 == pytest.approx(millions, rel=0.05)
    assert model.n_active / 1e6 == pytest.approx(active, rel=0.06)


def test_a_narrower_size_keeps_the_proportions() -> None:
    narrow = SIZES["tiny"].narrowed(64, 2)
    assert (narrow.width, narrow.inner, narrow.n_layers, narrow.n_heads, narrow.n_kv_heads) == (64, 96, 2, 2, 2)
