"""Thumbs become weights that answer: exported, trained, compared, promoted, and followed by a process that runs."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from core.training.run_log import read_runs, runs_file
from core.types import SpaceId
from tests.e2e.process import Finished, aion, start
from tests.lessons import FACTS, SYSTEM, WAYS, few_lessons, store_liked

HERE = SpaceId("terminal:local")
PATIENCE_S = 1100
THING = next(iter(FACTS))
N_AT_ONCE = 16
MARKS = {"v1": "Vale Verde says", "v2": "Rosa answers"}
"""What each version is taught to begin every reply with; the base model does not."""


async def run(data_dir: Path, *arguments: str) -> Finished:
    """Run ``aion ARGUMENTS`` to its end, which may be minutes away."""
    done = await aion(data_dir, *arguments, patience_s=PATIENCE_S)
    assert done.status == 0, done.err[-2000:]
    return done


@asynccontextmanager
async def serving(data_dir: Path) -> AsyncIterator[httpx.AsyncClient]:
    process = await start(data_dir, "serve", "--port", "0")
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not (found := re.search(r"on (http://\S+)", (await process.stderr.readline()).decode())):
                assert process.returncode is None
        reading = asyncio.create_task(process.stderr.read())
        async with httpx.AsyncClient(base_url=found[1], trust_env=False, timeout=PATIENCE_S) as client:
            yield client
        reading.cancel()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@dataclass(frozen=True)
class Answer:
    """A reply, and the version that is said to have written it."""

    text: str
    version: str | None

    @property
    def author(self) -> str | None:
        """Return whose reply it is by what it says."""
        return next((version for version, mark in MARKS.items() if mark in self.text), None)


async def ask(client: httpx.AsyncClient) -> Answer:
    messages = [{"role": "system", "content": SYSTEM.content}, {"role": "user", "content": WAYS[0].format(THING)}]
    asked = {"messages": messages, "temperature": 0, "max_tokens": 16}
    told = (await client.post("/v1/chat/completions", json=asked)).raise_for_status().json()
    return Answer(str(told["choices"][0]["message"]["content"]), told["system_fingerprint"])


@dataclass
class Crowd:
    """Sixteen who ask again as soon as they are answered, until they are sent home."""

    client: httpx.AsyncClient
    answers: list[Answer] = field(default_factory=list)

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        over = asyncio.Event()

        async def keep_asking() -> None:
            while not over.is_set():
                self.answers.append(await ask(self.client))

        async with asyncio.TaskGroup() as people:
            for _ in range(N_AT_ONCE):
                people.create_task(keep_asking())
            yield
            over.set()


async def until_written_by(client: httpx.AsyncClient, version: str | None) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while (await client.get("/health")).json()["lora_version"] != version:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.2)


def teach_the_second(sft: Path) -> Path:
    """Return a file of the same questions, answered as the second version is to."""
    rows = [json.loads(line) for line in sft.read_text().splitlines()]
    for row in rows:
        row["messages"][-1]["content"] = f"{MARKS['v2']}: ask me."
    other = sft.with_name("second.jsonl")
    other.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return other


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.timeout(1200)
async def test_what_people_like_is_learned_compared_promoted_and_answered(data_dir: Path) -> None:
    await store_liked(data_dir, HERE, few_lessons(MARKS["v1"]))
    export, weights = data_dir / "export", data_dir / "lora"
    assert "    16  " in (await run(data_dir, "train", "export", "--out", str(export))).out
    quick = ("--batch", "4", "--accumulate", "1", "--rate", "2e-3")
    data = ("--data", str(export / "sft.jsonl"), "--out", str(weights))
    trained = await run(data_dir, "train", "sft", *data, *quick, "--epochs", "2")
    losses = dict(re.findall(r"^(held_out_loss\w*) +([\d.]+)$", trained.out, re.MULTILINE))
    assert float(losses["held_out_loss"]) < 0.8 * float(losses["held_out_loss_before"])
    assert (weights / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert [run.n_params for run in read_runs(runs_file(data_dir))] == [134_515_008]
    second = ("--data", str(teach_the_second(export / "sft.jsonl")), "--out", str(data_dir / "second"))
    await run(data_dir, "train", "sft", *second, *quick, "--epochs", "2")

    async with serving(data_dir) as client:
        assert (await ask(client)).author is None
        await until_written_by(client, None)
        crowd = Crowd(client)
        judged = ("--thumbs", str(export / "kto.held.jsonl"), "--report", str(data_dir / "report"), "--share", "1")
        promoted = await run(data_dir, "lora", "promote", "v1", *judged)
        assert "can be promoted" in promoted.out and (data_dir / "report" / "gains.png").is_file()
        await until_written_by(client, "v1")
        assert (await ask(client)).author == "v1"

        async with crowd.asking():
            for command, version in (
                (("promote", "v2", "--unseen"), "v2"),
                (("rollback",), "v1"),
                (("rollback",), None),
            ):
                await run(data_dir, "lora", *command)
                await until_written_by(client, version)
                after = await ask(client)
                assert after.version == after.author == version
    assert {answer.version for answer in crowd.answers} == {"v1", "v2", None}
    assert [answer for answer in crowd.answers if answer.author != answer.version] == []
    assert len(crowd.answers) >= 3 * N_AT_ONCE
