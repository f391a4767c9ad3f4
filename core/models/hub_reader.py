"""Rerankers from the hub: extractive question answering and sequence classification models.

Both kinds are scored as log-odds that a text answers a question.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForQuestionAnswering, AutoModelForSequenceClassification, AutoTokenizer

from core.models.hub import cached_or_downloaded

_MAX_TOKENS = 512
_MAX_ANSWER_TOKENS = 30
_POSITIVE_LABELS = ("entailment", "entails", "answerable", "relevant", "yes", "label_1")
"""Names of the positive label of a classifier, in order of preference."""

Score = Callable[[Any, Tensor], Tensor]
"""Maps a model's output and the mask of text tokens, shape ``(B, T)``, to log-odds, shape ``(B,)``."""


class HubReader:
    """A model with its tokenizer and the scoring of its output."""

    def __init__(self, model: Any, tokenizer: Any, score: Score) -> None:
        self._model, self._tokenizer, self._score = model, tokenizer, score

    @torch.inference_mode()
    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return the log-odds that each text answers ``question``, in one batch. Blocks."""
        encoded = self._tokenizer(
            [question] * len(texts),
            list(texts),
            truncation="only_second",
            max_length=_MAX_TOKENS,
            padding=True,
            return_tensors="pt",
        )
        is_text = torch.tensor([[part == 1 for part in encoded.sequence_ids(row)] for row in range(len(texts))])
        scores: list[float] = self._score(self._model(**encoded), is_text).tolist()
        return scores


def open_hub_reader(name: str, on_download: Callable[[], None]) -> HubReader:
    """Load a model by id or folder. Blocks. Raises ``OSError`` or ``ValueError`` when there is no such model."""

    def load(local: bool) -> HubReader:
        config = AutoConfig.from_pretrained(name, local_files_only=local)
        tokenizer = AutoTokenizer.from_pretrained(name, local_files_only=local)
        if any(each.endswith("ForQuestionAnswering") for each in config.architectures or ()):
            answering = AutoModelForQuestionAnswering.from_pretrained(name, local_files_only=local)
            return HubReader(answering.eval(), tokenizer, _span_against_none)
        judging = AutoModelForSequenceClassification.from_pretrained(name, local_files_only=local)
        return HubReader(judging.eval(), tokenizer, _label_against_others(config.id2label))

    return cached_or_downloaded(name, load, on_download)


def _span_against_none(output: Any, is_text: Tensor) -> Tensor:
    """Return best span score less null score, as for SQuAD 2.0 (Devlin et al. 2019, section 4.3)."""
    begin = output.start_logits.masked_fill(~is_text, -1e4)  # (B, T)
    end = output.end_logits.masked_fill(~is_text, -1e4)
    n = begin.shape[1]
    spans = begin[:, :, None] + end[:, None, :]
    allowed = torch.ones(n, n, dtype=torch.bool).triu().tril(_MAX_ANSWER_TOKENS - 1)
    best: Tensor = spans.masked_fill(~allowed, -1e9).amax((1, 2))
    none: Tensor = output.start_logits[:, 0] + output.end_logits[:, 0]
    return best - none


def _label_against_others(labels: dict[int, str]) -> Score:
    """Return a score by the positive label: the only one, the first found by name, else the last."""
    names = [labels[i].lower() for i in sorted(labels)]
    place = next((names.index(name) for name in _POSITIVE_LABELS if name in names), len(names) - 1)

    def score(output: Any, is_text: Tensor) -> Tensor:
        logits: Tensor = output.logits
        if logits.shape[1] == 1:
            return logits[:, 0]
        others = [i for i in range(logits.shape[1]) if i != place]
        return logits[:, place] - logits[:, others].logsumexp(1)

    return score
