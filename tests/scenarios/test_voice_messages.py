"""A spoken question: transcribed by a provider within limits, asked, and answered below its transcript."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.settings import Settings
from core.types import Attachment, Message, SpaceId
from plugins import load_plugins
from tests.fakes import CollectingOutlet, ScriptedGenerator, WordEmbedder, message
from tests.transcriptions import TranscriptionServer, write_hearing_table

HOURS = b"# Library\n\nThe library opens at nine o'clock in the morning on Saturdays.\n"
ASKED = "When does the library open on Saturdays?"
HERE = SpaceId("telegram:1")

Start = Callable[..., AbstractAsyncContextManager[Aion]]


@pytest.fixture
async def server() -> AsyncIterator[TranscriptionServer]:
    async with TranscriptionServer(ASKED) as server:
        yield server


@pytest.fixture
def start(tmp_path: Path, server: TranscriptionServer, monkeypatch: pytest.MonkeyPatch) -> Start:
    @asynccontextmanager
    async def started(
        *, key: str = "made-up-groq-key", trains: bool = False, per_day: int = 100
    ) -> AsyncIterator[Aion]:
        monkeypatch.setenv("GROQ_API_KEY", key)
        table = write_hearing_table(tmp_path / "table.toml", server.url, trains=trains, per_day=per_day)
        values = {"AION_DATA_DIR": tmp_path / "data", "AION_PROVIDERS_FILE": table, "AION_WRITER": "extract"}
        made, writer = Settings.model_validate(values), ScriptedGenerator([])
        async with assemble(made, load_plugins(), embedder=WordEmbedder(), local=writer) as aion:
            await aion.ingest.index_file(HERE, "hours.md", HOURS)
            yield aion

    return started


def spoken(key: str, *, seconds: float = 4, n_bytes: int = 9, space: SpaceId = HERE) -> Message:
    async def read() -> bytes:
        return b"OggS" + b"x" * (n_bytes - 4)

    return message("", key=key, space=space, attachments=(Attachment("voice.ogg", n_bytes, read, seconds),))


async def say(aion: Aion, said: Message) -> str:
    outlet = CollectingOutlet()
    await aion.dispatch.handle(said, outlet)
    return outlet.text


async def test_it_is_asked_and_answered_below_its_transcript(start: Start, server: TranscriptionServer) -> None:
    async with start() as aion:
        told = await say(aion, spoken("one"))
    assert told.startswith(f"🎤 “{ASKED}”\n\n") and "nine o'clock" in told
    [body] = server.bodies
    assert b"whisper-1" in body and b'filename="voice.ogg"' in body and b"OggSxxxxx" in body
    assert server.tokens == ["Bearer made-up-groq-key"]


async def test_without_a_key_it_is_one_sentence(start: Start, server: TranscriptionServer) -> None:
    async with start(key="") as aion:
        assert (await say(aion, spoken("one"))).startswith("I cannot hear what was recorded.")
    assert server.bodies == []


async def test_what_is_too_long_is_not_sent(start: Start, server: TranscriptionServer) -> None:
    async with start() as aion:
        assert "up to 120 seconds" in await say(aion, spoken("one", seconds=121))
        assert "up to 120 seconds" in await say(aion, spoken("two", n_bytes=10_000_001))
    assert server.bodies == []


async def test_silence_and_failures(start: Start, server: TranscriptionServer) -> None:
    async with start() as aion:
        server.said = " "
        assert "any words" in await say(aion, spoken("one"))
        server.status = 500
        assert "right now" in await say(aion, spoken("two"))
        assert "right now" in await say(aion, spoken("three"))
    assert len(server.bodies) == 2, "who failed is left alone for a while"


async def test_it_counts_against_the_quota(start: Start, server: TranscriptionServer) -> None:
    async with start(per_day=1) as aion:
        assert "🎤" in await say(aion, spoken("one"))
        assert "right now" in await say(aion, spoken("two"))
    async with start(per_day=1) as aion:
        assert "right now" in await say(aion, spoken("three")), "also after a restart"
    assert len(server.bodies) == 1


async def test_a_plan_that_trains_does_not_hear_discord(start: Start, server: TranscriptionServer) -> None:
    async with start(trains=True) as aion:
        assert "right now" in await say(aion, spoken("one", space=SpaceId("discord:1")))
        assert server.bodies == []
        assert "🎤" in await say(aion, spoken("two"))
