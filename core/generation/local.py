"""The local language model: transformers, in this process, on its own thread.

One reply is written at a time; the others wait in the order they came, and past a limit they are told to come back.
Writing stops at the end of the reply, at its limit of tokens or time, and as soon as nobody reads it any more.
Does not cover LoRA weights, quantisation and decoding several replies together.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from core.errors import GenerationFailed, Unavailable
from core.models.catalog import LanguageModel, Tell, language_model, language_model_source
from core.models.once import Once
from core.offload import offload
from core.types import Language, Piece, Sampling, Turn

MAX_WAITING = 16
"""Replies that may wait for their turn; more would wait for minutes."""

MAX_REPLY_S = 60.0
"""How long one reply may take to write."""

_TYPICAL_REPLY_S = 5.0


class LocalGenerator:
    """Writes replies with a transformers chat model (``core.ports.Generator``)."""

    name = "local"

    def __init__(self, model: LanguageModel, load: Callable[[], Any]) -> None:
        """``load`` returns the loaded ``_Decoder``; it is called once, when first needed."""
        self._known = model
        self._decoder: Once[_Decoder] = Once(load)
        self._turn = asyncio.Semaphore(1)
        self._n_waiting = 0

    @property
    def model(self) -> str:
        """Return the model's id."""
        return self._known.id

    @property
    def languages(self) -> frozenset[Language]:
        """Return the languages it is rated to write in."""
        return self._known.languages

    @property
    def style(self) -> Literal["brief", "full"]:
        """Return how it likes to be asked."""
        return self._known.style

    @property
    def context_tokens(self) -> int:
        """Return how many tokens prompt and reply may have together; loads the model."""
        return self._decoder.get().context_tokens

    def count_tokens(self, text: str) -> int:
        """Return how many tokens ``text`` is; loads the model."""
        return self._decoder.get().count_tokens(text)

    def warm(self) -> None:
        """Load the model, blocking, so that the first reply does not wait for it."""
        self._decoder.get()

    async def stream(self, prompt: Sequence[Turn], sampling: Sampling) -> AsyncGenerator[Piece, None]:
        """Yield the reply as it is written, each piece with its tokens' log-probabilities.

        They are the model's own (log-softmax of the raw logits), whatever ``sampling`` makes of them: that is what
        an off-policy ratio needs. Raises ``Unavailable`` when too many wait or the model cannot be loaded, and
        ``GenerationFailed`` when the prompt leaves no room for a reply.
        """
        if self._n_waiting >= MAX_WAITING:
            raise Unavailable("generation.busy", wait_s=round(self._n_waiting * _TYPICAL_REPLY_S))
        self._n_waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._n_waiting -= 1
        try:
            async for piece in self._write(prompt, sampling):
                yield piece
        finally:
            self._turn.release()

    async def _write(self, prompt: Sequence[Turn], sampling: Sampling) -> AsyncGenerator[Piece, None]:
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[Piece | None] = asyncio.Queue()
        stop = threading.Event()

        def work() -> None:
            try:
                for piece in self._decoder.get().decode(prompt, sampling, stop):
                    loop.call_soon_threadsafe(pieces.put_nowait, piece)
            finally:
                loop.call_soon_threadsafe(pieces.put_nowait, None)

        writing = asyncio.create_task(offload(work), name="local generation")
        try:
            while (piece := await pieces.get()) is not None:
                yield piece
            await writing
        finally:
            # The thread ends within one token; nobody else may have the model before.
            stop.set()
            with suppress(Exception):  # its failure, if any, was raised above or concerns nobody
                await asyncio.shield(writing)


class _Decoder:
    """A loaded model and its tokenizer. Blocks; used by one thread at a time."""

    def __init__(self, source: str) -> None:
        """Load from an id or folder. Raises ``OSError`` or ``ValueError`` when there is no such model."""
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        dtype = "auto" if self._device.type == "cuda" else torch.float32  # bfloat16 is slower on most CPUs
        self._tokenizer = AutoTokenizer.from_pretrained(source)
        self._model = AutoModelForCausalLM.from_pretrained(source, dtype=dtype).eval().to(self._device)
        self.context_tokens = int(self._model.config.max_position_embeddings)
        ends = self._model.generation_config.eos_token_id
        self._ends = {self._tokenizer.eos_token_id, *(ends if isinstance(ends, list) else [ends])}

    def count_tokens(self, text: str) -> int:
        """Return how many tokens ``text`` is."""
        return len(self._tokenizer.encode(text, add_special_tokens=False))

    def decode(self, prompt: Sequence[Turn], sampling: Sampling, stop: threading.Event) -> Iterator[Piece]:
        """Yield the reply, never half a character. Raises ``GenerationFailed`` when the prompt fills the context."""
        from tokenizers.decoders import DecodeStream

        turns = [{"role": turn.role, "content": turn.content} for turn in prompt]
        text = self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        ids = self._tokenizer.encode(text, add_special_tokens=False)
        room = min(sampling.max_new_tokens, self.context_tokens - len(ids))
        if room <= 0:
            raise GenerationFailed(f"the prompt of {len(ids)} tokens fills the context of {self.context_tokens}")
        written, log_probs = DecodeStream(skip_special_tokens=True), []
        for token, log_prob in self._tokens(ids, room, sampling, stop):
            log_probs.append(log_prob)
            if token in self._ends:
                break
            if (piece := written.step(self._tokenizer.backend_tokenizer, token)) is not None:
                yield Piece(piece, tuple(log_probs))
                log_probs = []
        if log_probs:
            yield Piece("", tuple(log_probs))

    def _tokens(
        self, ids: Sequence[int], room: int, sampling: Sampling, stop: threading.Event
    ) -> Iterator[tuple[int, float]]:
        """Yield token after token with its log-probability, reusing the keys and values of those before."""
        import torch

        generator = torch.Generator(self._device)
        if sampling.seed is None:
            generator.seed()
        else:
            generator.manual_seed(sampling.seed)
        deadline_s = time.monotonic() + MAX_REPLY_S
        following, cache = torch.tensor([list(ids)], device=self._device), None  # (1, T)
        for _ in range(room):
            with torch.inference_mode():
                output = self._model(following, past_key_values=cache, use_cache=True, logits_to_keep=1)
                cache, logits = output.past_key_values, output.logits[0, -1].float()  # (vocabulary,)
                token = int(_draw(logits, sampling, generator))
                log_prob = float(torch.log_softmax(logits, -1)[token])
            yield token, log_prob
            if stop.is_set() or time.monotonic() > deadline_s:
                return
            following = torch.tensor([[token]], device=self._device)


def _draw(logits: Any, sampling: Sampling, generator: Any) -> Any:
    """Draw a token from the smallest set that holds ``top_p`` of the mass (Holtzman et al. 2020); 0 is greedy."""
    import torch

    if sampling.temperature <= 0:
        return logits.argmax()
    likely, tokens = torch.softmax(logits / sampling.temperature, -1).sort(descending=True)
    likely = torch.where(likely.cumsum(-1) - likely < sampling.top_p, likely, 0.0)
    return tokens[torch.multinomial(likely, 1, generator=generator)[0]]


def open_generator(name: str, models_dir: Path, tell: Tell) -> LocalGenerator:
    """Return the local model of that name; it is loaded when first used, and raises ``Unavailable`` if it cannot be."""

    def load() -> _Decoder:
        tell("models.loading")
        try:
            return _Decoder(language_model_source(name, models_dir, tell))
        except (OSError, ValueError) as error:
            raise Unavailable("models.not_loaded", name=name, setting="AION_LOCAL_MODEL") from error

    return LocalGenerator(language_model(name), load)
