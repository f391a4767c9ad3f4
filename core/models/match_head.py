"""Match head: how well the tokens of a text match those of a question, and so whether the text answers it.

Both are read apart (``core.models.lower_layers``). Each token of the question looks for what matches it in the text,
and each token of the text for what asks for it, as in decomposable attention (Parikh et al. 2016). The head judges by
products and differences of projected states, never by the question's own tokens, so that the wording of a question
tells it little. About 160,000 weights, fitted by ``bench/reader_fit.py``; ``match_head.json`` names what on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import IO

import numpy as np
import torch
from torch import Tensor, nn

WIDTH = 128
_FAR = -1e4
"""In place of a score where there is no token."""

_LEAST_NORM = 1e-12
"""Padding has no length to divide by."""


@dataclass(frozen=True, slots=True)
class Padded:
    """Sequences side by side: ``values`` ``(B, T, n)``; ``mask`` ``(B, T)`` is false at padding."""

    values: Tensor
    mask: Tensor


class MatchHead(nn.Module):
    """The head. ``dim`` is the width of the states that it is shown."""

    def __init__(self, dim: int, dropout: float = 0.0) -> None:
        """Build it untrained, with states taken as standardised already."""
        super().__init__()
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("scale", torch.ones(dim))
        self.projection = nn.Linear(dim, WIDTH, bias=False)
        self.heat = nn.Parameter(torch.tensor(2.5))
        self.importance = nn.Linear(dim, 1)
        self.asking = _layer(2 * WIDTH + 1, dropout)
        self.telling = _layer(3 * WIDTH + 1, dropout)
        self.evidence = nn.Linear(WIDTH, 1)
        last = nn.Linear(WIDTH, 1)
        self.verdict = nn.Sequential(nn.Linear(2 * WIDTH + 3, WIDTH), nn.GELU(), nn.Dropout(dropout), last)
        nn.init.orthogonal_(self.projection.weight)
        nn.init.zeros_(self.importance.weight)
        nn.init.constant_(last.bias, -1.0)

    def standardise(self, mean: Tensor, scale: Tensor) -> None:
        """Take states as ``(state - mean) / scale``, shape ``(dim,)`` each."""
        self.get_buffer("mean").copy_(mean)
        self.get_buffer("scale").copy_(scale)

    def projected(self, states: Tensor) -> Tensor:
        """Return what the head needs of a text's states ``(…, dim)``: shape ``(…, WIDTH)``."""
        projected: Tensor = self.projection(self._standardised(states))
        return projected

    def forward(self, asked: Padded, told: Padded, is_body: Tensor) -> tuple[Tensor, Tensor]:
        """Return log-odds ``(B,)`` that each text answers, and ``(B, T)`` that each of its tokens does.

        ``asked``: states of the questions' tokens; ``told``: the texts', ``projected``; ``is_body``: ``(B, T)``.
        """
        states = self._standardised(asked.values)
        question, text = self.projection(states), told.values
        no_text, no_question = ~told.mask[:, None, :], ~asked.mask[:, :, None]
        cosines = _unit(question) @ _unit(text).transpose(1, 2)
        likeness = cosines * self.heat.exp()  # (B, Q, T)

        found = torch.softmax(likeness.masked_fill(no_text, _FAR), -1) @ text
        best = cosines.masked_fill(no_text, -1).amax(-1, keepdim=True)
        importance = torch.softmax(self.importance(states).squeeze(-1).masked_fill(~asked.mask, _FAR), -1)
        matches = self.asking(torch.cat([question * found, (question - found).abs(), best], -1))
        of_question = (importance[..., None] * matches).sum(1)
        cover = (importance * best.squeeze(-1)).sum(-1, keepdim=True)
        least = (best.squeeze(-1) - 1e-3).masked_fill(~asked.mask, 2).amin(-1, keepdim=True)

        weighed = likeness + importance.clamp_min(1e-6).log()[:, :, None]
        wanted = torch.softmax(weighed.masked_fill(no_question, _FAR), 1).transpose(1, 2) @ question
        nearest = cosines.masked_fill(no_question, -1).amax(1)[..., None]
        tokens = self.telling(torch.cat([text, text * wanted, (text - wanted).abs(), nearest], -1))
        evidence = self.evidence(tokens).squeeze(-1)
        share = torch.softmax(evidence.masked_fill(~is_body, _FAR), -1) * is_body.any(-1, keepdim=True)
        of_text = (share[..., None] * tokens).sum(1)
        peak = (share * evidence).sum(-1, keepdim=True)
        verdict: Tensor = self.verdict(torch.cat([of_question, of_text, cover, least, peak], -1)).squeeze(-1)
        return verdict, evidence

    def _standardised(self, states: Tensor) -> Tensor:
        return (states - self.get_buffer("mean")) / self.get_buffer("scale")


def side_by_side(rows: Sequence[Tensor]) -> Padded:
    """Return sequences ``(T, n)`` padded to ``(B, T, n)``."""
    lengths = torch.tensor([len(row) for row in rows])
    values = nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
    return Padded(values, torch.arange(values.shape[1]) < lengths[:, None])


def body_mask(padded: Padded, bodies: Sequence[tuple[int, int]]) -> Tensor:
    """Return where the texts' own tokens are, ``(B, T)``, of their ranges."""
    places = torch.arange(padded.values.shape[1])
    starts, ends = torch.tensor(bodies).T[:, :, None]
    inside: Tensor = (places >= starts) & (places < ends)
    return inside


def shipped_head() -> MatchHead:
    """Return the head in ``match_head.npz``."""
    with (files("core.models") / "match_head.npz").open("rb") as file:
        return read_head(file)


def read_head(file: IO[bytes]) -> MatchHead:
    """Return the head in an ``.npz`` file that ``write_head`` wrote."""
    with np.load(file) as kept:
        weights = {name: torch.from_numpy(kept[name].astype(np.float32)) for name in kept.files}
    head = MatchHead(len(weights["mean"]))
    head.load_state_dict(weights)
    return head.eval().requires_grad_(False)


def write_head(head: MatchHead, file: IO[bytes]) -> None:
    """Write a head as an ``.npz`` file, at half precision."""
    np.savez(file, **{name: tensor.half().numpy() for name, tensor in head.state_dict().items()})


def _unit(rows: Tensor) -> Tensor:
    scaled: Tensor = rows / rows.norm(dim=-1, keepdim=True).clamp_min(_LEAST_NORM)
    return scaled


def _layer(n_in: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.Dropout(dropout), nn.Linear(n_in, WIDTH), nn.GELU(), nn.Dropout(dropout))
