from __future__ import annotations

from typing import Any

import pytest

from core.nn.config import DecoderConfig


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"hidden_size": 130}, "4 heads do not divide a width of 130"),
        ({"hidden_size": 12}, "odd size 3"),
        ({"num_key_value_heads": 3}, "3 heads of keys"),
        ({"num_experts_per_tok": 9}, "9 of 8 experts"),
        ({"num_local_experts": 0}, "2 of 0 experts"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        DecoderConfig(**options)


def test_it_survives_being_written_and_read() -> None:
    config = DecoderConfig(num_local_experts=6, norm_topk_prob=True, eos_token_id=3)
    read = DecoderConfig.from_dict(config.to_dict())
    assert read.to_dict() == config.to_dict()
    assert read.num_key_value_heads == read.num_attention_heads
