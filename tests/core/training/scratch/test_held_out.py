from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from core.nn.decoder import Decoder
from core.training.scratch.corpus import TokenCorpus
from core.training.scratch.held_out import bits_per_byte, held_out_nats
from tests.core.training.scratch.models import small_decoder

IDS = np.random.default_rng(0).integers(0, 300, 77).astype(np.uint16)


@pytest.fixture
def model() -> Decoder:
    return small_decoder(320, 16)


def test_every_token_but_the_first_is_scored_once_with_half_a_context_at_least(model: Decoder) -> None:
    """Positions beyond the first window are scored in a window that starts a multiple of eight before them."""
    total = 0.0
    for i in range(1, len(IDS)):
        start = 0 if i <= 16 else (i - 9) // 8 * 8
        window = torch.from_numpy(IDS[start:i].astype(np.int64))
        with torch.no_grad():
            logits = model(window[None]).logits[0, -1]
        total += cross_entropy(logits, torch.tensor(int(IDS[i]))).item()
    assert held_out_nats(model, IDS, 16) == pytest.approx(total / (len(IDS) - 1), rel=1e-5)


def test_the_first_windows_alone_are_fewer_tokens(model: Decoder) -> None:
    assert held_out_nats(model, IDS, 16, n_windows=1) == pytest.approx(held_out_nats(model, IDS[:17], 16), rel=1e-6)


def test_a_model_that_knows_nothing_loses_the_logarithm_of_the_vocabulary(model: Decoder, corpus: TokenCorpus) -> None:
    with torch.no_grad():
        model.model.embed_tokens.weight.zero_()
    nats = held_out_nats(model, corpus.held, 16)
    assert nats == pytest.approx(math.log(320))
    bits = bits_per_byte(nats, corpus)
    assert bits == pytest.approx(math.log2(320) * len(corpus.held) / corpus.n_held_bytes)
    assert model.training
