"""Sandboxes that misbehave are killed, named by why, and replaced; nobody else waits for them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from core.errors import BadInput
from core.sandbox import process
from core.sandbox.frames import Frame
from core.sandbox.limits import Budget
from core.sandbox.pool import SandboxPool
from core.sandbox.process import SandboxKilled

ENOUGH = Budget(cpu_s=60.0, memory_bytes=400_000_000)
LITTLE = Budget(cpu_s=0.2, memory_bytes=400_000_000)
N_PROCESSES = 2

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the limits are Linux's")


@pytest.fixture
async def pool() -> AsyncIterator[SandboxPool]:
    pool = SandboxPool("tests.core.sandbox.misbehaving", N_PROCESSES)
    yield pool
    await pool.aclose()


def request(operation: str, body: bytes = b"", **header: object) -> Frame:
    return Frame({"operation": operation, **header}, body)


def is_alive(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


async def killed(pool: SandboxPool, asked: Frame, budget: Budget = ENOUGH) -> str:
    with pytest.raises(SandboxKilled) as found:
        await pool.ask(asked, budget)
    return found.value.reason


async def test_a_request_is_answered_and_the_process_kept_for_the_next(pool: SandboxPool) -> None:
    first = await pool.ask(request("echo", b"\0" * 3_000_000, say="olá"), ENOUGH)
    assert (first.header["said"], first.body) == ("olá", b"\0" * 3_000_000)
    again = await pool.ask(request("echo"), ENOUGH)
    assert again.header["pid"] == first.header["pid"]


async def test_no_more_processes_work_at_once_than_allowed(pool: SandboxPool) -> None:
    replies = await asyncio.gather(*(pool.ask(request("echo"), ENOUGH) for _ in range(6)))
    assert len({reply.header["pid"] for reply in replies}) <= N_PROCESSES


@linux_only
async def test_a_stuck_request_is_killed_while_another_is_answered(
    pool: SandboxPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_WALL_FACTOR", 1_000.0)  # its processor time ends it, however busy the machine
    stuck = asyncio.create_task(killed(pool, request("spin"), LITTLE))
    await pool.ask(request("echo"), ENOUGH)
    assert not stuck.done()
    assert await stuck == "time"
    await pool.ask(request("echo"), ENOUGH)


async def test_a_request_that_waits_without_working_is_killed(
    pool: SandboxPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_WALL_FACTOR", 0.5)
    assert await killed(pool, request("sleep"), LITTLE) == "stopped"


@linux_only
async def test_memory_is_limited(pool: SandboxPool) -> None:
    assert await killed(pool, request("swallow", n_bytes=ENOUGH.memory_bytes)) == "memory"
    reply = await pool.ask(request("swallow", n_bytes=ENOUGH.memory_bytes // 4), ENOUGH)
    assert reply.header["bytes"] == ENOUGH.memory_bytes // 4


@linux_only
async def test_a_process_that_keeps_much_memory_is_not_kept(pool: SandboxPool) -> None:
    held = await pool.ask(request("keep", n_bytes=310_000_000), ENOUGH)
    other = await pool.ask(request("echo"), ENOUGH)
    assert other.header["pid"] != held.header["pid"]


async def test_a_process_that_closes_its_output_and_lives_is_ended(
    pool: SandboxPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_END_S", 0.1)
    assert await killed(pool, request("fall_silent")) == "stopped"


@pytest.mark.parametrize("how", ["abort", "leave", "babble"])
async def test_a_process_that_ends_or_babbles_is_a_crash_and_replaced(pool: SandboxPool, how: str) -> None:
    assert await killed(pool, request(how)) == "crash"
    assert (await pool.ask(request("echo", say="again"), ENOUGH)).header["said"] == "again"


async def test_an_exception_ends_the_process_and_is_in_the_log_on_one_line(
    pool: SandboxPool, caplog: pytest.LogCaptureFixture
) -> None:
    assert await killed(pool, request("swallow", n_bytes="\x1b[31mmany")) == "crash"
    (record,) = [record for record in caplog.records if "ended with status" in record.getMessage()]
    assert "TypeError" in record.getMessage()
    assert not set("\n\x1b") & set(record.getMessage())


async def test_a_refusal_is_a_reply(pool: SandboxPool) -> None:
    reply = await pool.ask(request("refuse"), ENOUGH)
    assert reply.header["error"] == BadInput("knowledge.empty").key
    assert reply.header["values"] == {"name": "x"}


async def test_a_cancelled_request_is_killed(pool: SandboxPool) -> None:
    pid = (await pool.ask(request("echo"), ENOUGH)).header["pid"]
    asked = asyncio.create_task(pool.ask(request("sleep"), ENOUGH))
    await asyncio.sleep(0.1)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await pool.aclose()
    assert not is_alive(pid)


async def test_closing_ends_every_process_whatever_it_does(pool: SandboxPool) -> None:
    pid = (await pool.ask(request("echo"), ENOUGH)).header["pid"]
    stuck = asyncio.create_task(killed(pool, request("sleep")))
    await asyncio.sleep(0.1)
    await pool.aclose()
    assert await stuck == "stopped"
    assert not is_alive(pid)


async def test_no_secret_is_in_its_environment(pool: SandboxPool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISCORD_TOKEN", "GROQ_API_KEY", "AION_DATA_DIR", "MY_PRIVATE_NOTE"):
        monkeypatch.setenv(name, "made-up-secret")
    environment = (await pool.ask(request("environment"), ENOUGH)).header["environment"]
    assert "made-up-secret" not in environment.values()
    assert "PATH" in environment


@linux_only
async def test_nothing_is_written_to_files(pool: SandboxPool, tmp_path: Path) -> None:
    assert await killed(pool, request("write", path=str(tmp_path / "big"), n_bytes=2_000_000)) == "crash"
