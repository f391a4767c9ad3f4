"""Readers and rerankers that were trained elsewhere: any question answering or sequence classification model.

What they say is brought to one scale: the log-odds that a text answers a question.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForQuestionAnswering, AutoModelForSequenceClassification, AutoTokenizer

from core.models.hub import cached_or_downloaded

_MAX_TOKENS = 512
_MAX_ANSWER_TOKENS = 30
_FOR = ("entailment", "entails", "answerable", "relevant", "yes", "label_1")
"""Labels, best first, that speak for a text where a model knows several."""


class _Verdict(Protocol):
    def __call__(self, output: Any, is_text: Tensor) -> Tensor: ...


class HubReader:
    """A model with its tokenizer. Safe to call from several threads but for its tokenizer's own limits."""

    def __init__(self, model: Any, tokenizer: Any, verdict: _Verdict) -> None:
        self._model, self._tokenizer, self._verdict = model, tokenizer, verdict

    def log_odds(self, question: str, text: str) -> float:
        """Return the log-odds that ``text`` answers ``question``. Blocks."""
        return self.scores(question, [text])[0]

    @torch.inference_mode()
    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return the log-odds for each of several texts, read together. Blocks."""
        encoded = self._tokenizer(
            [question] * len(texts),
            list(texts),
            truncation="only_second",
            max_length=_MAX_TOKENS,
            padding=True,
            return_tensors="pt",
        )
        is_text = torch.tensor([[part == 1 for part in encoded.sequence_ids(row)] for row in range(len(texts))])
        scores: list[float] = self._verdict(self._model(**encoded), is_text).tolist()
        return scores


def open_hub_reader(name: str, on_download: Callable[[], None]) -> HubReader:
    """Load a model by id or folder. Raises ``OSError`` or ``ValueError`` when there is none that can read."""

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
    """Return how far the best answer is ahead of none, as in SQuAD 2.0 (Devlin et al. 2019, section 4.3)."""
    begin = output.start_logits.masked_fill(~is_text, -1e4)  # (B, T)
    end = output.end_logits.masked_fill(~is_text, -1e4)
    n = begin.shape[1]
    spans = begin[:, :, None] + end[:, None, :]
    allowed = torch.ones(n, n, dtype=torch.bool).triu().tril(_MAX_ANSWER_TOKENS - 1)
    best: Tensor = spans.masked_fill(~allowed, -1e9).amax((1, 2))
    none: Tensor = output.start_logits[:, 0] + output.end_logits[:, 0]
    return best - none


def _label_against_others(labels: dict[int, str]) -> _Verdict:
    """Return a verdict by the label that speaks for a text: the only one, the first known by name, else the last."""
    names = [labels[i].lower() for i in sorted(labels)]
    place = next((names.index(name) for name in _FOR if name in names), len(names) - 1)

    def verdict(output: Any, is_text: Tensor) -> Tensor:
        logits: Tensor = output.logits
        if logits.shape[1] == 1:
            return logits[:, 0]
        others = [i for i in range(logits.shape[1]) if i != place]
        return logits[:, place] - logits[:, others].logsumexp(1)

    return verdict
