from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import DynamicCache

from core.nn.kv_cache import KvCache


def part(n_tokens: int, n_rows: int = 2) -> tuple[Tensor, Tensor]:
    return torch.randn(n_rows, 3, n_tokens, 4), torch.randn(n_rows, 3, n_tokens, 5)


@pytest.fixture
def both() -> tuple[Any, Any]:
    return KvCache(), DynamicCache()


def same(ours: Any, theirs: Any) -> bool:
    pairs = zip(ours.layers, theirs.layers, strict=True)
    return all(torch.equal(a.keys, b.keys) and torch.equal(a.values, b.values) for a, b in pairs)


def test_it_holds_what_transformers_cache_holds(both: tuple[Any, Any]) -> None:
    for n_tokens in (3, 1, 1, 90, 1):
        for layer in (0, 1):
            new = part(n_tokens)
            ours, theirs = (cache.update(*new, layer) for cache in both)
            assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
    assert both[0].get_seq_length() == 96
    assert same(*both)


@pytest.mark.parametrize(
    "change",
    [
        lambda cache: cache.reorder_cache(torch.tensor([1, 0])),
        lambda cache: cache.batch_select_indices(torch.tensor([1])),
        lambda cache: cache.batch_repeat_interleave(3),
        lambda cache: cache.crop(-2),
        lambda cache: cache.reset(),
    ],
)
def test_rows_may_be_reordered_selected_repeated_cropped_and_forgotten(
    both: tuple[Any, Any], change: Callable[[Any], None]
) -> None:
    new = part(5)
    for cache in both:
        cache.update(*new, 0)
        change(cache)
    n_rows = both[1].layers[0].keys.shape[0] if both[1].get_seq_length() else 2
    for n_tokens in (1, 70):
        more = part(n_tokens, n_rows)
        for cache in both:
            cache.update(*more, 0)
        assert same(*both)


def test_a_token_is_written_beside_the_others_without_copying_them() -> None:
    cache = KvCache()
    cache.update(*part(10), 0)
    places = set()
    for _ in range(1_000):
        keys, _ = cache.update(*part(1), 0)
        places.add(keys.data_ptr())
    assert len(places) <= 6  # 64, 128, … 1,024 and the first
