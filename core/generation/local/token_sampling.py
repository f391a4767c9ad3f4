"""Token sampling, and the state of one reply while it is sampled. Imports torch: import it late."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from tokenizers.decoders import DecodeStream
from torch import Tensor

from core.types import Piece, Sampling

StreamEvent = Piece | Exception | None
"""An event of a reply: a piece, an error, or ``None`` at the end."""


class SampledReply:
    """One reply while it is sampled: a row of ``core.generation.local.batch.DecodeBatch``; ``tell`` gets its events.

    Log-probabilities are the log-softmax of the raw logits, before temperature and top-p, as an off-policy ratio needs
    them. The token that ends the reply has one too, in a last piece without text.
    """

    def __init__(
        self,
        tokenizer: Any,
        ends: frozenset[int],
        ids: Sequence[int],
        sampling: Sampling,
        tell: Callable[[StreamEvent], object],
    ) -> None:
        """Begin a reply to the prompt ``ids``, which ends at a token of ``ends`` or at the token limit."""
        self.ids = ids
        self.is_over = False
        self.tell = tell
        self._tokenizer = tokenizer.backend_tokenizer
        self._ends = ends
        self._sampling = sampling
        self._n_left = sampling.max_new_tokens
        self._generator = torch.Generator()
        if sampling.seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(sampling.seed)
        self._text = DecodeStream(skip_special_tokens=True)
        self._log_probs: list[float] = []

    def take(self, logits: Tensor) -> int | None:
        """Sample the next token from ``logits``, shape ``(vocabulary,)``; ``None`` when the reply is complete."""
        token = draw(logits, self._sampling, self._generator)
        self._log_probs.append(float(torch.log_softmax(logits, -1)[token]))
        self._n_left -= 1
        is_end = token in self._ends
        text = "" if is_end else self._text.step(self._tokenizer, token)
        is_end = is_end or self._n_left <= 0
        if text or is_end:
            self.tell(Piece(text or "", tuple(self._log_probs)))
            self._log_probs = []
        if not is_end:
            return token
        self.end()
        return None

    def end(self, error: Exception | None = None) -> None:
        """Send the error, if any, and the end."""
        self.is_over = True
        if error:
            self.tell(error)
        self.tell(None)


def draw(logits: Tensor, sampling: Sampling, generator: torch.Generator) -> int:
    """Sample a token from ``logits``, shape ``(vocabulary,)``, within the smallest set of probability ``top_p``.

    Nucleus sampling (Holtzman et al. 2020) at a temperature; temperature 0 is greedy.
    """
    if sampling.temperature <= 0:
        return int(logits.argmax())
    likely, tokens = torch.softmax(logits / sampling.temperature, -1).sort(descending=True, stable=True)
    before = likely.cumsum(-1) - likely
    nucleus = likely.where(before < sampling.top_p, 0.0)
    nucleus[0] = likely[0]
    return int(tokens[torch.multinomial(nucleus, 1, generator=generator)])
