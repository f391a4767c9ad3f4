"""How long promoted weights take to answer while 16 answers are being written: ``make bench-swap``.

Two LoRA versions of rank 16 on all seven projections of the default model take turns, in the real engine, seen by the
real follower of the registry. Preparing the new one is told apart from the switch itself.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np
from safetensors.numpy import save_file

from bench.arguments import add_models, parser_for
from bench.timing import timed, wait_until
from core.errors import GenerationFailed, UserError
from core.generation.local.generator import N_PARALLEL, LocalGenerator
from core.generation.local.llama_cpp import LlamaEngine
from core.generation.local.lora_follower import LoraFollower
from core.models.catalog import DEFAULT_LANGUAGE_MODEL, gguf_file, language_model, language_model_base
from core.models.lora import WEIGHTS, Base, LoraManifest, write_manifest
from core.models.lora_merge import merged_gguf
from core.models.registry import LoraRegistry
from core.types import PromptTurn, Sampling

RANK, ALPHA = 16, 32.0
N_ASKING = 16
PATIENCE_S = 600.0
SAMPLING = Sampling(temperature=0.0, max_new_tokens=48)
WIDE, NARROW, INNER, N_LAYERS = 576, 192, 1536, 30
SHAPES = {
    "self_attn.q_proj": (WIDE, WIDE),
    "self_attn.k_proj": (NARROW, WIDE),
    "self_attn.v_proj": (NARROW, WIDE),
    "self_attn.o_proj": (WIDE, WIDE),
    "mlp.gate_proj": (INNER, WIDE),
    "mlp.up_proj": (INNER, WIDE),
    "mlp.down_proj": (WIDE, INNER),
}


@dataclass(frozen=True, slots=True)
class AnswerTimes:
    """When an answer was begun, said its first word and ended, and which versions its pieces name."""

    begun_s: float
    first_s: float
    ended_s: float
    versions: frozenset[str | None]


@dataclass
class AnswerLog:
    """What 16 people who ask without a pause saw."""

    answers: list[AnswerTimes] = field(default_factory=list)
    words_s: list[float] = field(default_factory=list)
    n_failed: int = 0

    def longest_silence_s(self, start_s: float, end_s: float) -> float:
        """Return the longest time without a word in any of the answers."""
        heard = [start_s, *sorted(at for at in self.words_s if start_s < at < end_s), end_s]
        return max(later - earlier for earlier, later in pairwise(heard))


class TimedEngine(LlamaEngine):
    """An engine that keeps when the last one with other weights was ready."""

    ready_s = 0.0

    def adapted(self, lora: Path | None) -> TimedEngine:
        engine = TimedEngine(self._path, self._n_parallel, lora)
        TimedEngine.ready_s = time.monotonic()
        return engine


def write_weights(folder: Path, seed: int, base: Base) -> None:
    folder.mkdir(parents=True)
    random, weights = np.random.default_rng(seed), {}
    for layer in range(N_LAYERS):
        for part, (n_out, n_in) in SHAPES.items():
            name = f"base_model.model.model.layers.{layer}.{part}"
            weights[f"{name}.lora_A.weight"] = random.normal(0, 0.01, (RANK, n_in)).astype(np.float32)
            weights[f"{name}.lora_B.weight"] = random.normal(0, 0.01, (n_out, RANK)).astype(np.float32)
    save_file(weights, folder / WEIGHTS)
    (folder / "adapter_config.json").write_text(json.dumps({"r": RANK, "lora_alpha": ALPHA}))
    modules = tuple(part.partition(".")[2] for part in SHAPES)
    write_manifest(folder, LoraManifest(base.id, base.hash, RANK, ALPHA, modules))


async def keep_asking(generator: LocalGenerator, answered: AnswerLog, person: int) -> None:
    for number in range(1_000_000):
        prompt = (PromptTurn("user", f"Tell me about the number {person * 1000 + number}."),)
        begun_s, heard, versions = time.monotonic(), list[float](), set[str | None]()
        try:
            async with aclosing(generator.stream(prompt, SAMPLING)) as pieces:
                async for piece in pieces:
                    heard.append(time.monotonic())
                    versions.add(piece.lora_version)
        except (GenerationFailed, UserError):
            answered.n_failed += 1
            continue
        answered.words_s += heard
        answered.answers.append(AnswerTimes(begun_s, heard[0], heard[-1], frozenset(versions)))


async def swap(
    follower: LoraFollower, registry: LoraRegistry, name: str, base: Base, answered: AnswerLog
) -> dict[str, float]:
    """Promote a version and return the seconds of each part."""
    registry.promote(name, base)
    seen_s = time.monotonic()
    await follower.poll()
    swapped_s = time.monotonic()

    def begun_later() -> list[AnswerTimes]:
        return [each for each in answered.answers if each.begun_s > swapped_s]

    await wait_until(lambda: len(begun_later()) >= N_ASKING, PATIENCE_S, 0.01)
    later = begun_later()
    assert all(each.versions == {name} for each in later), later
    meanwhile = [each for each in answered.answers if seen_s < each.ended_s < swapped_s]
    return {
        "prepared": TimedEngine.ready_s - seen_s,
        "switched": swapped_s - TimedEngine.ready_s,
        "first word": min(each.first_s for each in later) - swapped_s,
        "answers ended meanwhile": len(meanwhile),
        "longest silence meanwhile": answered.longest_silence_s(seen_s, swapped_s),
    }


async def measure(folder: Path, models: Path, n_rounds: int) -> None:
    base = language_model_base(DEFAULT_LANGUAGE_MODEL)
    path = gguf_file(DEFAULT_LANGUAGE_MODEL, models, lambda key: None)
    assert path
    registry = LoraRegistry(folder / "loras")
    for seed in range(2):
        write_weights(folder / f"out{seed}", seed, base)
        version = registry.add(folder / f"out{seed}")
        with timed() as merging:
            merged_gguf(path, version.folder)
        print(f"{version.name} merged, once, in {merging.wall_s:.1f} s")
    model = language_model(DEFAULT_LANGUAGE_MODEL)
    generator = LocalGenerator(model, lambda: TimedEngine(path, N_PARALLEL), lambda: base)
    generator.warm()
    follower, answered = LoraFollower(generator, registry), AnswerLog()
    asking = [asyncio.create_task(keep_asking(generator, answered, person)) for person in range(N_ASKING)]
    await wait_until(lambda: len(answered.answers) >= 2 * N_ASKING, PATIENCE_S, 0.01)
    usual = median(each.first_s - each.begun_s for each in answered.answers[N_ASKING:])
    quiet = answered.longest_silence_s(min(answered.words_s), max(answered.words_s))
    rounds = [await swap(follower, registry, f"v{1 + number % 2}", base, answered) for number in range(n_rounds)]
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    with suppress(GenerationFailed):
        await generator.close()
    for name in rounds[0]:
        told = [each[name] for each in rounds]
        print(f"{name:28} median {median(told):.3f}   {min(told):.3f} … {max(told):.3f}")
    n_mixed = sum(len(each.versions) != 1 for each in answered.answers)
    print(f"{len(answered.answers)} answers, {answered.n_failed} failed, {n_mixed} of more than one version")
    print(
        f"before the first swap: first word after {usual:.2f} s, longest silence {quiet:.2f} s; load {os.getloadavg()}"
    )


def main() -> None:
    parser = parser_for(__doc__)
    add_models(parser)
    parser.add_argument("--rounds", type=int, default=6)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), given.models, given.rounds))


if __name__ == "__main__":
    main()
