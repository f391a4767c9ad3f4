"""A backup made while AION runs and learns, which is then killed: restored elsewhere, it finds and answers the same."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pyrage
import pytest
from process import aion, running

from tests.e2e.telegram_server import TelegramServer

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(300)]

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
QUESTIONS = (
    "Which days is the library open?",
    "Quanto custa usar a cozinha?",
    "Who repairs bicycles?",
    "What is zxqj?",
)


async def answers(data_dir: Path, tmp_path: Path) -> list[Any]:
    """Ask every question; return what tells one search from another: text, confidence, and passages with scores."""
    file = tmp_path / "questions.jsonl"
    rows = (json.dumps({"id": str(n), "text": text}) for n, text in enumerate(QUESTIONS))
    file.write_text("\n".join(rows), encoding="utf-8")
    done = await aion(data_dir, "ask", str(file), "--json", "--fresh", "--space", "terminal:ana", AION_WRITER="extract")
    assert done.status == 0, done.err
    own = ("answer_id", "latency_ms")
    return [{key: value for key, value in json.loads(line).items() if key not in own} for line in done.out.splitlines()]


async def test_a_backup_of_a_running_aion_is_restored_into_an_empty_folder(
    data_dir: Path, models_dir: Path, tmp_path: Path
) -> None:
    key = pyrage.x25519.Identity.generate()
    (tmp_path / "key.txt").write_text(str(key), encoding="utf-8")
    kept, new = tmp_path / "kept", tmp_path / "new"
    assert (await aion(data_dir, "index", str(SAMPLES))).status == 0
    async with TelegramServer() as telegram:
        settings = {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API_BASE": telegram.url}
        async with running(data_dir, **settings) as run:
            await run.until_logged("running")
            made = await aion(data_dir, "backup", "--to", str(kept), "--encrypt", str(key.to_public()), **settings)
            assert made.status == 0, made.err
            await run.kill()
    archive, identity = str(next(kept.iterdir())), ("--identity", str(tmp_path / "key.txt"))
    new.mkdir()
    sound, put_back = await asyncio.gather(
        aion(tmp_path, "backup", "verify", archive, *identity), aion(new, "restore", archive, *identity)
    )
    assert sound.status == 0, sound.err
    assert put_back.status == 0, put_back.err
    assert telegram.token not in "".join(path.read_text(errors="replace") for path in new.glob("*.env"))
    (new / "models").symlink_to(models_dir)
    before = await answers(data_dir, tmp_path)
    assert await answers(new, tmp_path) == before
    assert before[0]["sources"]


async def test_what_cannot_be_restored_is_said_in_one_sentence_and_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "notes.tar.zst").write_bytes(b"my notes")
    for name in ("notes.tar.zst", "missing.tar.zst"):
        done = await aion(tmp_path / ".", "restore", str(tmp_path / name), LANG="pt_BR.UTF-8")
        assert done.status == 1
        assert len(done.err.strip().splitlines()) == 1, done.err
        assert "Traceback" not in done.err
    assert not (tmp_path / "aion.db").exists()
