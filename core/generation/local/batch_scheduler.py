"""Thread that decodes the submitted replies of one transformers model in batches. Imports torch: import it late."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from core.errors import GenerationFailed
from core.generation.local.batch import DecodeBatch
from core.generation.local.token_sampling import SampledReply


class BatchScheduler:
    """Decodes submitted replies, those with the same LoRA weights in one batch.

    Its thread ends when there is nothing to decode, and starts again with the next reply.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._lock = threading.Lock()
        self._weights = threading.Lock()
        self._arrived: list[tuple[str | None, SampledReply]] = []
        self._batches: dict[str | None, DecodeBatch] = {}
        self._active: str | None = None
        self._names: set[str] = set()
        self._n_loaded = 0
        self._is_working = False

    def submit(self, lora: str | None, reply: SampledReply) -> None:
        """Add a reply to the batch of the weights of that name; ``None``: the base model's."""
        with self._lock:
            self._arrived.append((lora, reply))
            if not self._is_working:
                self._is_working = True
                threading.Thread(target=self._work, name="local generation", daemon=True).start()

    def load(self, folder: Path) -> str:
        """Load LoRA weights between two decoding steps, and return their name here."""
        with self._weights:
            self._n_loaded += 1
            name = f"lora{self._n_loaded}"
            self._model.load_adapter(str(folder), adapter_name=name)
            self._names.add(name)
            self._active = name
            return name

    def drop(self, name: str) -> None:
        """Unload LoRA weights that no reply uses any more."""
        with self._weights:
            self._batches.pop(name, None)
            self._names.discard(name)
            self._activate(next(iter(self._names), None))
            self._model.delete_adapter(name)
            self._activate(None)

    def _work(self) -> None:
        while True:
            with self._lock:
                arrived, self._arrived = self._arrived, []
                if not arrived and not any(batch.rows for batch in self._batches.values()):
                    self._is_working = False
                    return
            for lora, reply in arrived:
                self._guarded(lora, partial(_join, reply), [reply])
            for lora, batch in list(self._batches.items()):
                if batch.rows:
                    self._guarded(lora, DecodeBatch.step, list(batch.rows))

    def _guarded(self, lora: str | None, act: Callable[[DecodeBatch], None], rows: Sequence[SampledReply]) -> None:
        """Act on a batch with its weights; a failure ends the replies ``rows`` and no others."""
        try:
            with self._weights, torch.inference_mode():
                self._activate(lora)
                act(self._batches.setdefault(lora, DecodeBatch(self._model)))
        except RuntimeError as error:  # torch raises it for out of memory and most other failures
            self._batches.pop(lora, None)
            for row in rows:
                row.end(GenerationFailed(f"the model failed: {error}"))

    def _activate(self, lora: str | None) -> None:
        if lora == self._active:
            return
        if lora is None:
            self._model.disable_adapters()
        else:
            self._model.enable_adapters()
            self._model.set_adapter(lora)
        self._active = lora


def _join(reply: SampledReply, batch: DecodeBatch) -> None:
    batch.join(reply)
