"""Thumbs become weights that answer: exported, trained, compared, promoted, and followed by a process that runs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from core.rights import TRAINING
from core.storage.answers import Answers, NewAnswer
from core.storage.database import Database
from core.storage.spaces import Spaces
from core.types import Confidence, Decision, Generation, Sampling, SpaceId, Turn
from tests.e2e.process import Finished, start
from tests.lessons import FACTS as ALL_FACTS
from tests.lessons import SYSTEM, WAYS

HERE = SpaceId("terminal:local")
PATIENCE_S = 420
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
FACTS = dict(list(ALL_FACTS.items())[:8])
THING = next(iter(FACTS))
N_AT_ONCE = 16


async def seed(data_dir: Path) -> None:
    """Store what a community asked, and liked: every fact in two ways, and, last, in one that will be held out."""
    async with await Database.open(data_dir) as database:
        answers = Answers(database)
        ways = [(way, thing) for way in (WAYS[0], WAYS[1]) for thing in FACTS]
        ways += [(WAYS[4], thing) for thing in list(FACTS)[:4]]
        for number, (way, thing) in enumerate(ways):
            person, question = f"person {number % 8}", way.format(thing)
            written = Generation(
                FACTS[thing], "local", "smollm2-135m-instruct", (SYSTEM, Turn("user", question)), Sampling()
            )
            decision = Decision("local", Confidence(0.9, 0.8, (), {}))
            new = NewAnswer(HERE, person, "c", question, "en", (), decision, FACTS[thing], "local", (), written)
            await answers.rate(HERE, await answers.record(new), person, "up")
        await Spaces(database).change_settings(HERE, lambda settings: {**settings, TRAINING: True})


async def run(data_dir: Path, *arguments: str) -> Finished:
    """Run ``aion ARGUMENTS`` to its end, which may be minutes away."""
    process = await start(data_dir, *arguments, **ONE_THREAD)
    try:
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, err.decode()[-2000:]
    return Finished(process.returncode, out.decode(), err.decode())


@asynccontextmanager
async def serving(data_dir: Path) -> AsyncIterator[httpx.AsyncClient]:
    process = await start(data_dir, "serve", "--port", "0", **ONE_THREAD)
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


async def ask(client: httpx.AsyncClient) -> str:
    messages = [{"role": "system", "content": SYSTEM.content}, {"role": "user", "content": WAYS[4].format(THING)}]
    asked = {"messages": messages, "temperature": 0, "max_tokens": 24}
    reply = await client.post("/v1/chat/completions", json=asked)
    return str(reply.raise_for_status().json()["choices"][0]["message"]["content"])


async def until_written_by(client: httpx.AsyncClient, version: str | None) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while (await client.get("/health")).json()["lora_version"] != version:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.5)


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.timeout(1200)
async def test_what_people_like_is_learned_compared_promoted_and_answered(data_dir: Path) -> None:
    await seed(data_dir)
    export, weights = data_dir / "export", data_dir / "lora"
    assert "    16  " in (await run(data_dir, "train", "export", "--out", str(export))).out
    data = ("--data", str(export / "sft.jsonl"), "--out", str(weights))
    quick = ("--batch", "4", "--accumulate", "1", "--epochs", "2", "--rate", "2e-3")
    trained = await run(data_dir, "train", "sft", *data, *quick)
    losses = dict(re.findall(r"^(held_out_loss\w*) +([\d.]+)$", trained.out, re.MULTILINE))
    assert float(losses["held_out_loss"]) < 0.8 * float(losses["held_out_loss_before"])
    assert (weights / "loss.png").read_bytes().startswith(b"\x89PNG")

    async with serving(data_dir) as client:
        before = await ask(client)
        await until_written_by(client, None)
        answers = [asyncio.create_task(ask(client)) for _ in range(N_AT_ONCE)]
        report = ("--report", str(data_dir / "report"))
        judged = ("--thumbs", str(export / "kto.held.jsonl"), *report, "--share", "1")
        promoted = await run(data_dir, "lora", "promote", "v1", *judged)
        assert "can be promoted" in promoted.out and (data_dir / "report" / "gains.png").is_file()
        answers += [asyncio.create_task(ask(client)) for _ in range(N_AT_ONCE)]
        await until_written_by(client, "v1")
        after = await ask(client)
        assert after != before
        assert all([await answer for answer in answers])  # none failed; whose weights wrote is test_versions' to say
        assert "promoted" in (await run(data_dir, "lora", "list")).out

        await run(data_dir, "lora", "rollback")
        await until_written_by(client, None)
        assert await ask(client) != after
