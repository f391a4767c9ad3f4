"""Continuous batching of a transformers model: one token of every reply a step. Imports torch: import it late.

Not transformers' own, which returns log-probabilities after temperature and top-p, takes one seed for all, and one set
of weights. Rows join after prefill and leave at their end; keys and values are left-padded to one length.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad
from transformers import DynamicCache

from core.generation.local.token_sampling import SampledReply

_PREFILL_TOKENS = 512
"""Prompt tokens of one prefill step, between two checks of whether to stop: about a second on two cores."""


class DecodeBatch:
    """The replies that are decoded with one set of weights."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._rows: list[SampledReply] = []
        self._next: list[int] = []
        self._cache: Any = None
        self._mask = torch.zeros(0, 0, dtype=torch.long, device=model.device)  # (rows, tokens): 0 is padding
        self._prefix: list[int] = []
        self._prefix_cache: Any = None

    @property
    def rows(self) -> Sequence[SampledReply]:
        """Return the replies in the batch."""
        return self._rows

    def join(self, row: SampledReply) -> None:
        """Prefill the prompt of ``row`` and sample its first token.

        The prefix that it shares with the prompt before, such as a system prompt, is taken from the cache.
        """
        cache, n_known = self._with_prefix(row.ids)
        logits = None
        for start in range(n_known, len(row.ids), _PREFILL_TOKENS):
            if row.is_over:
                return
            unread = torch.tensor([row.ids[start : start + _PREFILL_TOKENS]], device=self._model.device)
            logits = self._model(unread, past_key_values=cache, use_cache=True, logits_to_keep=1).logits
        self._prefix, self._prefix_cache = list(row.ids), cache
        if logits is not None and (token := row.take(logits[0, -1].float().cpu())) is not None:
            self._add(row, token, cache)

    def step(self) -> None:
        """Sample one more token of every row, and remove those that are complete."""
        self._keep([i for i, row in enumerate(self._rows) if not row.is_over])
        if not self._rows:
            return
        device = self._model.device
        lengths = self._mask.sum(1, keepdim=True)
        self._mask = torch.cat([self._mask, self._mask.new_ones(len(self._rows), 1)], 1)
        output = self._model(
            torch.tensor(self._next, device=device)[:, None],
            attention_mask=self._mask,
            position_ids=lengths,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        )
        logits = output.logits[:, -1].float().cpu()
        sampled = [row.take(logits[i]) for i, row in enumerate(self._rows)]
        self._next = [0 if token is None else token for token in sampled]
        self._keep([i for i, token in enumerate(sampled) if token is not None])

    def _with_prefix(self, ids: Sequence[int]) -> tuple[Any, int]:
        """Return a new cache with the prefix shared with the last prompt, and the prefix's length."""
        n = 0
        while n < min(len(ids) - 1, len(self._prefix)) and ids[n] == self._prefix[n]:
            n += 1
        layers = self._prefix_cache.layers if n else ()
        return _cache((layer.keys[:, :, :n], layer.values[:, :, :n]) for layer in layers), n

    def _add(self, row: SampledReply, token: int, cache: Any) -> None:
        n_rows, n_tokens = self._mask.shape
        length = max(n_tokens, len(row.ids))
        mask = self._mask.new_zeros(n_rows + 1, length)
        mask[:n_rows, length - n_tokens :] = self._mask
        mask[n_rows, length - len(row.ids) :] = 1
        if self._rows:
            pairs = zip(self._cache.layers, cache.layers, strict=True)
            self._cache = _cache(
                (_stacked(ours.keys, theirs.keys, length), _stacked(ours.values, theirs.values, length))
                for ours, theirs in pairs
            )
        else:
            self._cache = _cache((layer.keys, layer.values) for layer in cache.layers)
        self._mask = mask
        self._rows.append(row)
        self._next.append(token)

    def _keep(self, kept: Sequence[int]) -> None:
        """Remove all rows but these, and padding that none of them needs."""
        if len(kept) == len(self._rows):
            return
        self._rows, self._next = [self._rows[i] for i in kept], [self._next[i] for i in kept]
        if not kept:
            self._cache, self._mask = None, self._mask.new_zeros(0, 0)
            return
        mask = self._mask[list(kept)]
        first = int(mask.any(0).nonzero()[0])
        self._mask = mask[:, first:]
        rows = list(kept)
        self._cache = _cache(
            (layer.keys[rows, :, first:], layer.values[rows, :, first:]) for layer in self._cache.layers
        )


def _cache(pairs: Iterable[tuple[Tensor, Tensor]]) -> Any:
    cache = DynamicCache()
    for index, (keys, values) in enumerate(pairs):
        cache.update(keys, values, index)
    return cache


def _stacked(ours: Tensor, theirs: Tensor, length: int) -> Tensor:
    """Return keys or values of both, shape ``(rows, heads, length, size)``, padded on the left."""
    return torch.cat([pad(part, (0, 0, length - part.shape[2], 0)) for part in (ours, theirs)])
