"""The local engine beside what it could be: one run, side by side, with the default model.

Run: make bench-local   (python bench/local_engine.py [--answers 8] [--tokens 40])

- 8 answers asked at once beside 8 in a row (both engines that run here);
- one stream beside llama.cpp's own server asked bare, and beside transformers' plain ``generate``;
- the first token with the system prompt known beside without.
On CUDA the transformers engine is 4-bit where bitsandbytes is installed, and is measured at batch 16 too.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from bench.arguments import add_models, parser_for
from bench.timing import timed
from core.generation.local.engine import Engine
from core.models.catalog import DEFAULT_LANGUAGE_MODEL, gguf_file, language_model_source
from core.models.heavy_imports import loading_heavy
from core.models.smollm2 import gguf_path
from core.types import PromptTurn, Sampling

SYSTEM = "You know everything about gardens, and you tell it slowly and with many details. " * 10


def asked(n: int, system: str = SYSTEM) -> tuple[PromptTurn, ...]:
    """Return a prompt whose question differs from the others'."""
    return PromptTurn("system", system), PromptTurn("user", f"Tell me a long story about {n} old trees.")


async def reply(engine: Engine, prompt: Sequence[PromptTurn], n_tokens: int) -> tuple[float, float, int]:
    """Return seconds to the first token, seconds in all, and tokens."""
    start_s = time.perf_counter()
    first_s, n = 0.0, 0
    async with aclosing(engine.write(prompt, Sampling(temperature=0.0, max_new_tokens=n_tokens))) as pieces:
        async for piece in pieces:
            first_s = first_s or time.perf_counter() - start_s
            n += len(piece.log_probs)
    return first_s, time.perf_counter() - start_s, n


async def measure(name: str, engine: Engine, n_answers: int, n_tokens: int) -> float:
    """Print what one engine does; return the tokens a second of one stream."""
    await reply(engine, asked(0), 4)
    fresh, known = [], []
    for n in range(3):
        fresh.append((await reply(engine, asked(n, f"{n} {SYSTEM}"), 2))[0])
        known.append((await reply(engine, asked(10 + n, f"{n} {SYSTEM}"), 2))[0])
    print(f"{name}: first token {median(known):.2f} s, without a known system prompt {median(fresh):.2f} s", flush=True)
    await asyncio.gather(*(reply(engine, asked(50 + n), 2) for n in range(n_answers)))
    with timed() as at_once:
        together = await asyncio.gather(*(reply(engine, asked(100 + n), n_tokens) for n in range(n_answers)))
    with timed() as in_a_row:
        single = [await reply(engine, asked(100 + n), n_tokens) for n in range(n_answers)]
    rates = [(written - 1) / (all_s - first_s) for first_s, all_s, written in single]
    print(f"{name}: one stream {median(rates):.1f} tokens/s")
    print(
        f"{name}: {n_answers} at once {at_once.wall_s:.1f} s ({written_in(together)} tokens), the same in a row, "
        f"their prompts known by then, {in_a_row.wall_s:.1f} s ({written_in(single)} tokens): "
        f"{at_once.wall_s / in_a_row.wall_s:.2f}",
        flush=True,
    )
    return median(rates)


def written_in(replies: Sequence[tuple[float, float, int]]) -> int:
    """Return how many tokens the replies have; some end before they may."""
    return sum(n for *_, n in replies)


def bare_server(model: Path, n_tokens: int) -> float:
    """Return the tokens a second of llama.cpp's server as it comes, without log-probabilities."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path, params.n_ctx, params.verbosity = str(model), 4096, -1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = os.cpu_count() or 1
    server = xllamacpp.Server(params)
    rates = []
    for n in range(4):
        messages = [{"role": turn.role, "content": turn.content} for turn in asked(n)]
        body = {"messages": messages, "temperature": 0, "max_tokens": n_tokens, "stream": True}
        url = f"{server.listening_address}/v1/chat/completions"
        with httpx.stream("POST", url, json=body, timeout=300, trust_env=False) as response:
            times = [time.perf_counter() for line in response.iter_lines() if _has_text(line)]
        rates.append((len(times) - 1) / (times[-1] - times[0]))
    del server
    return median(rates)


def _has_text(line: str) -> bool:
    if not line.startswith("data: {"):
        return False
    choices = json.loads(line.removeprefix("data: "))["choices"]
    return bool(choices and choices[0]["delta"].get("content"))


def plain_generate(chat: Any, n_tokens: int) -> float:
    """Return the tokens a second of ``model.generate``."""
    import torch

    ids = torch.tensor([chat.rendered(asked(0))], device=chat.model.device)
    seconds = []
    for limit in (1, n_tokens):
        with timed() as generating:
            chat.model.generate(ids, max_new_tokens=limit, min_new_tokens=limit, do_sample=False)
        seconds.append(generating.wall_s)
    return (n_tokens - 1) / (seconds[1] - seconds[0])


def main() -> None:
    arguments = parser_for(__doc__)
    add_models(arguments)
    arguments.add_argument("--answers", type=int, default=8)
    arguments.add_argument("--tokens", type=int, default=40)
    given = arguments.parse_args()
    with loading_heavy():
        from core.generation.local.llama_cpp import LlamaEngine
        from core.generation.local.transformers_engine import TransformersEngine

        repacked = gguf_file(DEFAULT_LANGUAGE_MODEL, given.models, print)
        assert repacked is not None
        llama = LlamaEngine(repacked, given.answers)
        ours = asyncio.run(measure("llama.cpp", llama, given.answers, given.tokens))
        llama.close()
        for name, model in (("the same file", repacked), ("the file as it comes", gguf_path())):
            bare = bare_server(model, given.tokens)
            print(f"llama.cpp's server, bare, {name}: {bare:.1f} tokens/s; ours is {ours / bare:.2f} of it", flush=True)
        source = language_model_source(DEFAULT_LANGUAGE_MODEL, given.models, print)
        causal = TransformersEngine.load(source, is_local=True)
        plain = plain_generate(causal.chat, given.tokens)
        print(f"plain generate: {plain:.1f} tokens/s; llama.cpp is {ours / plain:.1f} times it", flush=True)
        n_answers = 16 if causal.device.startswith("cuda") else given.answers
        asyncio.run(measure(causal.device, causal, n_answers, given.tokens))


if __name__ == "__main__":
    main()
