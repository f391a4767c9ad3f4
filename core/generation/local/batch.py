"""Replies that a transformers model writes together, a token each at every step. Imports torch: import it late.

transformers' own continuous batching tells the log-probabilities after temperature and top-p, takes one seed for all
and knows no weights that differ between requests, so the batch is ours. Rows join with their prompt read, and leave
when they end; their keys and values are padded on the left to one length.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor
from torch.nn.functional import pad
from transformers import DynamicCache

_PREFILL_TOKENS = 512
"""Tokens of a prompt that are read between two looks at whether to stop: about a second on two cores."""


class Row(Protocol):
    """One reply: takes the logits of its next token, shape ``(vocabulary,)``, and says which it drew."""

    ids: Sequence[int]
    is_over: bool

    def take(self, logits: Tensor) -> int | None:
        """Draw the next token; ``None`` when the reply is complete."""
        ...


R = TypeVar("R", bound=Row)


class DecodeBatch(Generic[R]):
    """The rows being written with one set of weights."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._rows: list[R] = []
        self._next: list[int] = []
        self._cache: Any = None
        self._mask = torch.zeros(0, 0, dtype=torch.long, device=model.device)  # (rows, tokens): 0 is padding
        self._read: list[int] = []
        self._read_cache: Any = None

    @property
    def rows(self) -> Sequence[R]:
        """Return what is being written."""
        return self._rows

    def join(self, row: R) -> None:
        """Read the prompt of ``row`` and draw its first token.

        What the prompt has in common with the one read before, such as a system prompt, is not read again.
        """
        cache, n_known = self._known(row.ids)
        logits = None
        for start in range(n_known, len(row.ids), _PREFILL_TOKENS):
            if row.is_over:
                return
            unread = torch.tensor([row.ids[start : start + _PREFILL_TOKENS]], device=self._model.device)
            logits = self._model(unread, past_key_values=cache, use_cache=True, logits_to_keep=1).logits
        self._read, self._read_cache = list(row.ids), cache
        if logits is not None and (token := row.take(logits[0, -1].float().cpu())) is not None:
            self._add(row, token, cache)

    def step(self) -> None:
        """Draw one more token of every row, and let go of those that are over."""
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
        drawn = [row.take(logits[i]) for i, row in enumerate(self._rows)]
        self._next = [0 if token is None else token for token in drawn]
        self._keep([i for i, token in enumerate(drawn) if token is not None])

    def _known(self, ids: Sequence[int]) -> tuple[Any, int]:
        """Return a cache of its own for a prompt, with what is known of its start, and how many tokens that is."""
        n = 0
        while n < min(len(ids) - 1, len(self._read)) and ids[n] == self._read[n]:
            n += 1
        layers = self._read_cache.layers if n else ()
        return _cache((layer.keys[:, :, :n], layer.values[:, :, :n]) for layer in layers), n

    def _add(self, row: R, token: int, cache: Any) -> None:
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
        """Let go of all rows but these, and of the padding that none of them needs."""
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
