"""How well a decoder predicts held-out text: nats a token and bits a byte. Imports torch: import it late."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from core.nn.decoder import Decoder
from core.training.scratch.corpus import Ids, TokenCorpus

_BATCH = 8
"""Windows at once."""


def held_out_nats(model: Decoder, ids: Ids, context: int, n_windows: int | None = None) -> float:
    """Return the mean loss in nats of each token but the first, over the first ``n_windows`` windows or all.

    Windows of ``context`` tokens overlap by half, and their later half is scored: every token but those of the first
    window has at least half a context before it.
    """
    stride = max(1, context // 2)
    starts = range(0, max(1, len(ids) - 1 - stride), stride)[:n_windows]
    whole = [start for start in starts if 0 < start <= len(ids) - 1 - context]
    batches = [whole[i : i + _BATCH] for i in range(0, len(whole), _BATCH)]
    others = [[start] for start in starts if start not in set(whole)]
    total, n = 0.0, 0
    was_training, device = model.training, model.lm_head.weight.device
    model.train(False)
    with torch.inference_mode():
        for batch in (*others, *batches):
            rows = np.stack([ids[start : start + context + 1] for start in batch]).astype(np.int64)
            windows = torch.from_numpy(rows).to(device)
            n_known = stride if batch[0] else 0
            logits = model(windows[:, :-1], use_cache=False).logits[:, n_known:].flatten(0, 1)
            targets = windows[:, 1 + n_known :].flatten()
            total += cross_entropy(logits.float(), targets, reduction="sum").item()
            n += len(targets)
    model.train(was_training)
    return total / n


def bits_per_byte(nats: float, corpus: TokenCorpus) -> float:
    """Return the loss of ``nats`` a token in bits for each byte of the held-out text."""
    return nats * len(corpus.held) / corpus.n_held_bytes / math.log(2)
