"""The default embedder's lower layers: hidden states of a question's and of a text's tokens, read apart.

What they make of a text does not depend on the question, so that it can be kept. Does not compare them
(``core.models.match_head``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from core.models.bert import Bert, read_bert
from core.models.cpu_threads import CpuThreads
from core.models.e5 import PASSAGE_PREFIX, QUERY_PREFIX
from core.models.int8 import with_fast_arithmetic
from core.normal_form import normal_form

N_LAYERS = 6
"""Of the embedder's twelve: ten are no better to match by, and take more than half as long again."""

MAX_QUESTION_TOKENS, MAX_NAME_TOKENS, MAX_BODY_TOKENS = 64, 32, 144

_BATCH_TOKENS = 640
"""Padded tokens of a batch: more are no faster, and fewer batches share out worse between processors."""


@dataclass(frozen=True, slots=True)
class EncodedText:
    """A text as tokens. ``body`` is the range of those that are its own; ``offsets`` their places in it."""

    ids: tuple[int, ...]
    body: tuple[int, int]
    offsets: tuple[tuple[int, int], ...] = ()


class LowerLayers:
    """The lower layers with the tokenizer. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        """Load from the default embedder's folder. Raises as ``core.models.bert.read_bert`` does."""
        bert, config = read_bert(folder)
        bert.layers = bert.layers[:N_LAYERS]
        self._begin, self._end = int(config["bos_token_id"]), int(config["eos_token_id"])
        self._pad = int(config["pad_token_id"])
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.encode_special_tokens = True  # a "</s>" in a passage is text like any other
        self._model: Bert = with_fast_arithmetic(bert, is_fine=lambda name: True)
        self._threads = CpuThreads(torch.get_num_threads())

    def question(self, text: str) -> EncodedText:
        """Return a question's tokens; a long one loses its middle."""
        ids = self._ids(QUERY_PREFIX + _normal(text))
        if len(ids) > MAX_QUESTION_TOKENS:
            ids = [*ids[: MAX_QUESTION_TOKENS // 2], *ids[-MAX_QUESTION_TOKENS // 2 :]]
        return EncodedText((self._begin, *ids, self._end), (1, 1 + len(ids)))

    def text(self, name: str, body: str) -> EncodedText:
        """Return the tokens of a text below its name; what is too long is cut off at its end."""
        named = self._ids(PASSAGE_PREFIX + _normal(name))[:MAX_NAME_TOKENS]
        encoding = self._tokenizer.encode(_encodable(body), add_special_tokens=False)
        ids, offsets = encoding.ids[:MAX_BODY_TOKENS], encoding.offsets[:MAX_BODY_TOKENS]
        first = 1 + len(named)
        return EncodedText((self._begin, *named, *ids, self._end), (first, first + len(ids)), tuple(offsets))

    def states(self, texts: Sequence[EncodedText]) -> list[Tensor]:
        """Return the hidden states of each text, shape ``(T, dim)``, in the model's floats. Blocks."""
        lengths = [len(text.ids) for text in texts]
        states: list[Tensor] = [torch.empty(0)] * len(texts)
        batches = list(_batches(lengths))
        computed = self._threads.map(self._states, [[texts[place] for place in batch] for batch in batches])
        for batch, rows in zip(batches, computed, strict=True):
            for place, row in zip(batch, rows, strict=True):
                states[place] = row[: lengths[place]].clone()
        return states

    @torch.inference_mode()
    def _states(self, batch: Sequence[EncodedText]) -> Tensor:
        rows = [torch.tensor(text.ids) for text in batch]
        ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=self._pad)  # (B, T)
        lengths = torch.tensor([len(row) for row in rows])
        mask = torch.arange(ids.shape[1]) < lengths[:, None]
        states: Tensor = self._model(ids, None if bool(mask.all()) else mask)
        return states

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the places of texts, longest first, so that several together are padded to at most ``_BATCH_TOKENS``."""
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda each: -lengths[each]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _normal(text: str) -> str:
    return normal_form("NFKC", _encodable(text))


def _encodable(text: str) -> str:
    """Return ``text`` without what UTF-8 cannot encode, and without NUL; every character stays in its place."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")
