"""The local model follows the registry: promoted, tried on a share, rolled back, under answers that go on."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

from core.generation.local.generator import LocalGenerator
from core.generation.local.lora_follower import LoraFollower
from core.models.catalog import SMOLLM2
from core.models.lora import WEIGHTS, Base, LoraManifest, write_manifest
from core.models.registry import LoraRegistry
from core.types import Piece, PromptTurn, Sampling

BASE = Base("smollm2", "abc")


class Namer:
    """An engine that writes the name of its weights, token by token."""

    context_tokens = 100
    device = "paper"

    def __init__(self, lora: Path | None = None, adapted: list[Namer] | None = None) -> None:
        self.lora = lora
        self.n_writing = 0
        self.is_closed = False
        self.children = adapted if adapted is not None else []

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    async def write(self, prompt: Sequence[PromptTurn], sampling: Sampling) -> AsyncGenerator[Piece, None]:
        assert not self.is_closed
        self.n_writing += 1
        try:
            for _ in range(20):
                await asyncio.sleep(0)
                yield Piece(f"{self.lora.name if self.lora else 'base'} ", (-0.1,))
        finally:
            self.n_writing -= 1

    def adapted(self, lora: Path | None) -> Namer:
        self.children.append(Namer(lora, self.children))
        return self.children[-1]

    def close(self) -> None:
        assert self.n_writing == 0
        self.is_closed = True


def registry_with(tmp_path: Path, *bases: Base) -> LoraRegistry:
    registry = LoraRegistry(tmp_path / "loras")
    for seed, base in enumerate(bases):
        folder = tmp_path / f"out{seed}"
        folder.mkdir()
        (folder / "adapter_config.json").write_text("{}")
        (folder / WEIGHTS).write_bytes(bytes([seed]))
        write_manifest(folder, LoraManifest(base.id, base.hash, 16, 32.0, ("q_proj",)))
        registry.add(folder)
    return registry


async def answer(generator: LocalGenerator) -> tuple[set[str | None], set[str]]:
    """Return the versions that an answer's pieces name, and the weights that wrote them."""
    pieces = [piece async for piece in generator.stream((PromptTurn("user", "?"),), Sampling())]
    assert len(pieces) == 20
    return {piece.lora_version for piece in pieces}, {piece.text.strip() for piece in pieces}


async def test_swaps_under_sixteen_answers_fail_none_and_mix_none(tmp_path: Path) -> None:
    registry = registry_with(tmp_path, BASE, BASE)
    engine = Namer()
    generator = LocalGenerator(SMOLLM2, lambda: engine, lambda: BASE, n_parallel=16)
    generator.warm()
    follower = LoraFollower(generator, registry)
    seen: set[str | None] = set()

    async def ask() -> None:
        while not swapped.done():
            versions, written_by = await answer(generator)
            assert len(versions) == 1 and written_by == {next(iter(versions)) or "base"}
            seen.update(versions)

    async def swap() -> None:
        for name in ("v1", "v2", "v1"):
            registry.promote(name, BASE)
            await follower.poll()
            assert (await answer(generator))[0] == {name}
        registry.rollback()
        await follower.poll()

    swapped = asyncio.ensure_future(swap())
    await asyncio.gather(swapped, *(ask() for _ in range(16)))
    assert (await answer(generator))[0] == {"v2"}
    assert seen <= {None, "v1", "v2"}
    assert sum(not child.is_closed for child in engine.children) == 1
    await generator.close()


async def test_a_trial_writes_its_share_and_its_end_leaves_what_was_promoted(tmp_path: Path) -> None:
    registry = registry_with(tmp_path, BASE)
    draws = itertools.cycle(i / 10 for i in range(10))
    engine = Namer()
    generator = LocalGenerator(SMOLLM2, lambda: engine, lambda: BASE, draw=lambda: next(draws))
    generator.warm()
    follower = LoraFollower(generator, registry)
    registry.start_trial("v1", BASE, 0.3, 50)
    await follower.poll()
    versions = [(await answer(generator))[0].pop() for _ in range(20)]
    assert versions.count("v1") == 6 and versions.count(None) == 14
    assert registry.rollback() is None
    await follower.poll()
    assert {(await answer(generator))[0].pop() for _ in range(20)} == {None}
    assert engine.children[0].is_closed and not engine.is_closed
    await generator.close()


async def test_weights_of_another_base_change_nothing_and_are_named_once(tmp_path: Path, caplog) -> None:
    other = Base("other", "def")
    registry = registry_with(tmp_path, other)
    registry.promote("v1", other)
    generator = LocalGenerator(SMOLLM2, Namer, lambda: BASE)
    generator.warm()
    follower = LoraFollower(generator, registry)
    await follower.poll()
    await follower.poll()
    assert (await answer(generator))[0] == {None}
    assert len([record for record in caplog.records if "lora_foreign" in record.message]) == 1


async def test_a_model_that_is_not_loaded_follows_once_it_is(tmp_path: Path) -> None:
    registry = registry_with(tmp_path, BASE)
    registry.promote("v1", BASE)
    generator = LocalGenerator(SMOLLM2, Namer, lambda: BASE)
    follower = LoraFollower(generator, registry)
    await follower.poll()
    assert not generator.state().is_warm
    generator.warm()
    await follower.poll()
    assert generator.state().lora_version == "v1"
