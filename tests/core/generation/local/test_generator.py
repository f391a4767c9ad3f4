"""The local generator: how many write and wait, when writing stops, and whose weights wrote what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from core.errors import BadInput, GenerationFailed, Unavailable
from core.generation.local.generator import MAX_WAITING, READ_S, LocalGenerator
from core.models.catalog import SMOLLM2
from core.models.lora import Base, LoraManifest, write_manifest
from core.types import LoraVersion, Piece, PromptTurn, Sampling

ASK = (PromptTurn("user", "Count."),)
BASE = Base("smollm2", "abc")


class Counter:
    """An engine that writes numbers until it is left, and keeps a diary. ``gate`` is what a token waits for."""

    context_tokens = 100
    device = "paper"

    def __init__(self, n_tokens: int = 3, lora: Path | None = None) -> None:
        self.n_tokens = n_tokens
        self.lora = lora
        self.gate = asyncio.Event()
        self.gate.set()
        self.diary: list[str] = []
        self.n_writing = self.most_writing = 0
        self.is_closed = False
        self.children: list[Counter] = []

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    async def write(self, prompt: Sequence[PromptTurn], sampling: Sampling) -> AsyncGenerator[Piece, None]:
        assert not self.is_closed
        self.diary.append(prompt[0].content)
        self.n_writing += 1
        self.most_writing = max(self.most_writing, self.n_writing)
        try:
            for n in range(self.n_tokens):
                await self.gate.wait()
                await asyncio.sleep(0)
                yield Piece(f"{n}{self.lora.name if self.lora else ''} ", (-0.1,))
        finally:
            self.n_writing -= 1

    def adapted(self, lora: Path | None) -> Counter:
        if lora and lora.name == "broken":
            raise ValueError("no weights")
        self.children.append(Counter(self.n_tokens, lora))
        return self.children[-1]

    def close(self) -> None:
        assert self.n_writing == 0
        self.is_closed = True


def generator_of(engine: Counter, n_parallel: int = 2, max_reply_s: float = 60.0) -> LocalGenerator:
    return LocalGenerator(SMOLLM2, lambda: engine, lambda: BASE, n_parallel=n_parallel, max_reply_s=max_reply_s)


async def text_of(generator: LocalGenerator, prompt: Sequence[PromptTurn] = ASK) -> str:
    return "".join([piece.text async for piece in generator.stream(prompt, Sampling())])


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - it comes true in another task, which signals nobody
        await asyncio.sleep(0.001)


def lora(folder: Path, base_hash: str = BASE.hash) -> LoraVersion:
    folder.mkdir()
    write_manifest(folder, LoraManifest("smollm2", base_hash, 8, 16.0, ("q_proj",)))
    return LoraVersion(folder.name, folder)


async def test_pieces_come_in_order_and_the_model_is_loaded_once() -> None:
    loads: list[Counter] = []

    def load() -> Counter:
        loads.append(Counter())
        return loads[-1]

    generator = LocalGenerator(SMOLLM2, load, lambda: BASE)
    assert (generator.name, generator.model, generator.languages) == ("local", SMOLLM2.id, {"en"})
    assert not generator.state().is_warm
    assert not loads
    assert await text_of(generator) == await text_of(generator) == "0 1 2 "
    assert generator.count_tokens("one two") == 2
    assert generator.context_tokens == 100
    assert (generator.state().device, generator.state().is_warm) == ("paper", True)
    assert len(loads) == 1


async def test_several_write_together_and_the_others_in_the_order_they_came() -> None:
    counter = Counter()
    generator = generator_of(counter)
    generator.warm()
    await asyncio.gather(*(text_of(generator, (PromptTurn("user", str(n)),)) for n in range(6)))
    assert counter.diary == list("012345")
    assert counter.most_writing == 2


async def test_past_the_limit_people_are_told_to_come_back() -> None:
    counter = Counter()
    counter.gate.clear()
    generator = generator_of(counter)
    waiting = [asyncio.create_task(text_of(generator)) for _ in range(MAX_WAITING + 2)]
    await until(lambda: generator.state().n_waiting == MAX_WAITING)
    assert generator.state().n_running == 2
    with pytest.raises(Unavailable) as raised:
        await text_of(generator)
    assert raised.value.key == "generation.busy"
    assert raised.value.values["wait_s"] == 5 * (1 + MAX_WAITING // 2)
    counter.gate.set()
    assert await asyncio.gather(*waiting) == ["0 1 2 "] * (MAX_WAITING + 2)
    assert await text_of(generator) == "0 1 2 "


async def test_a_reply_nobody_reads_is_not_written_on() -> None:
    counter = Counter(n_tokens=1_000_000)
    generator = generator_of(counter)
    async with aclosing(generator.stream(ASK, Sampling())) as pieces:
        assert (await anext(pieces)).text == "0 "
        assert counter.n_writing == 1
    assert counter.n_writing == generator.state().n_running == 0


async def test_a_cancelled_reader_frees_the_model_and_a_cancelled_waiter_the_queue() -> None:
    counter = Counter()
    counter.gate.clear()
    generator = generator_of(counter, n_parallel=1)
    tasks = [asyncio.create_task(text_of(generator, (PromptTurn("user", str(n)),))) for n in range(3)]
    await until(lambda: generator.state().n_waiting == 2)
    tasks[0].cancel()
    tasks[1].cancel()
    counter.gate.set()
    await asyncio.wait(tasks)
    assert counter.diary == ["0", "2"]
    assert tasks[2].result() == "0 1 2 "


async def test_time_runs_out() -> None:
    counter = Counter(n_tokens=1_000_000)
    generator = generator_of(counter, max_reply_s=0.05)
    assert (await text_of(generator)).startswith("0 1 ")
    counter.gate.clear()
    with pytest.raises(GenerationFailed, match="nothing"):
        await text_of(generator)
    assert counter.n_writing == 0


async def test_a_model_that_did_not_load_is_tried_again() -> None:
    loads = iter([Unavailable("models.not_loaded", name="x", setting="y"), Counter()])

    def load() -> Counter:
        loaded = next(loads)
        if isinstance(loaded, Unavailable):
            raise loaded
        return loaded

    generator = LocalGenerator(SMOLLM2, load, lambda: BASE)
    with pytest.raises(Unavailable):
        await text_of(generator)
    assert await text_of(generator) == "0 1 2 "


# --- LoRA weights --------------------------------------------------------------------------------


async def versions_of(generator: LocalGenerator) -> set[tuple[str | None, str]]:
    return {
        (piece.lora_version, piece.text.strip().lstrip("0123456789"))
        async for piece in generator.stream(ASK, Sampling())
    }


async def test_weights_are_swapped_under_load_and_no_reply_is_mixed(tmp_path: Path) -> None:
    counter = Counter(n_tokens=40)
    generator = generator_of(counter, n_parallel=4)
    versions = [lora(tmp_path / "v1"), lora(tmp_path / "v2"), None]
    replies = [asyncio.create_task(versions_of(generator)) for _ in range(12)]
    for version in versions:
        await asyncio.sleep(0.005)
        await generator.use_lora(version)
    told = [await reply for reply in replies]
    assert all(len(each) == 1 for each in told)
    assert all(version == (mark or None) for each in told for version, mark in each)
    assert generator.state().lora_version is None
    v1 = counter.children[0]
    assert counter.is_closed and v1.is_closed and v1.children[0].is_closed
    current = v1.children[0].children[0]
    assert not current.is_closed
    await generator.close()
    assert current.is_closed


async def test_an_engine_is_kept_until_its_last_reply_is_written(tmp_path: Path) -> None:
    counter = Counter()
    counter.gate.clear()
    generator = generator_of(counter)
    writing = asyncio.create_task(versions_of(generator))
    await until(lambda: counter.n_writing == 1)
    await generator.use_lora(lora(tmp_path / "v1"))
    assert not counter.is_closed
    assert {version for version, _ in await versions_of(generator)} == {"v1"}
    counter.gate.set()
    assert await writing == {(None, "")}
    assert counter.is_closed


async def test_weights_of_another_model_or_without_manifest_change_nothing(tmp_path: Path) -> None:
    generator = generator_of(Counter())
    with pytest.raises(BadInput) as raised:
        await generator.use_lora(lora(tmp_path / "foreign", "another hash"))
    assert raised.value.key == "models.lora_foreign"
    with pytest.raises(BadInput) as raised:
        await generator.use_lora(LoraVersion("none", tmp_path))
    assert raised.value.key == "models.lora_unreadable"
    with pytest.raises(Unavailable):
        await generator.use_lora(lora(tmp_path / "broken"))
    assert generator.state().lora_version is None
    assert await text_of(generator) == "0 1 2 "


class SlowReader(Counter):
    """An engine that takes ``read_s`` of ``clock`` to read a prompt."""

    context_tokens = 8_192

    def __init__(self, device: str, read_s: float) -> None:
        super().__init__()
        self.device = device
        self.read_s = read_s
        self.clock = 0.0

    async def write(self, prompt: Sequence[PromptTurn], sampling: Sampling) -> AsyncGenerator[Piece, None]:
        self.clock += self.read_s
        yield Piece("one")


async def test_the_prompt_is_as_long_as_is_read_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = SlowReader("cpu, llama.cpp", read_s=40.0)
    generator = LocalGenerator(SMOLLM2, lambda: engine, lambda: BASE)
    assert 500 < generator.prompt_tokens < 2_000
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: engine.clock)
    thousand_tokens = (PromptTurn("user", "abc" * 1_000),)
    for _ in range(2):
        assert [piece.text async for piece in generator.stream(thousand_tokens, Sampling())] == ["one"]
    assert generator.prompt_tokens == READ_S / 0.04
    engine.read_s = 0.0  # its cache had the whole prompt
    assert [piece.text async for piece in generator.stream(thousand_tokens, Sampling())] == ["one"]
    assert generator.prompt_tokens == pytest.approx(READ_S / 0.032, abs=1)


async def test_what_is_no_cpu_reads_all_that_it_has_room_for() -> None:
    engine = SlowReader("cuda, transformers", read_s=0.0)
    assert LocalGenerator(SMOLLM2, lambda: engine, lambda: BASE).prompt_tokens == 8_192
