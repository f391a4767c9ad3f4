"""``/metrics`` of a real core: what was answered and rated is counted, and nothing in it names a space or a person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.heartbeat import Heartbeat
from bot.watchdog import AdapterWatch, WatchdogPolicy
from bot.web.app import create_app
from bot.web.metrics import metrics_router
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.pipeline import Question
from core.settings import Settings
from core.types import Band, Confidence, Decision, Person, SearchResult, SpaceId
from plugins import load_plugins
from tests.fakes import ScriptedGenerator, WordEmbedder
from tests.providers import ProviderServer, says, write_table

SPACE = SpaceId("discord:4711147114711")
ANA = Person("discord:8152381523", "Ana Exemplo")
HOURS = b"# Secretive Library\n\nThe library opens at nine o'clock in the morning on Saturdays.\n"
ASKED = "When does the library open on Saturdays?"


class GateOf:
    """A gate with one opinion."""

    def __init__(self, band: Band) -> None:
        self.band = band

    def decide(self, found: SearchResult) -> Decision:
        return Decision(self.band, Confidence(0.72, 0.5))


class Silent:
    """An adapter whose platform was never heard."""

    heard_at_s = None

    async def run(self) -> None:
        """Serve nothing."""


@asynccontextmanager
async def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **settings: object) -> AsyncIterator[Aion]:
    monkeypatch.setenv("GROQ_API_KEY", "made-up-groq-key")
    async with ProviderServer(says("The library opens at nine o'clock in the morning on Saturdays. [1]")) as server:
        table = write_table(tmp_path / "table.toml", [("groq", server.url)])
        with table.open("a", encoding="utf-8") as file:
            file.write("limits = { requests_per_day = 1000 }\n")
        values = {
            "AION_DATA_DIR": tmp_path / "data",
            "AION_PROVIDERS_FILE": table,
            "AION_WRITER": "provider",
            **settings,
        }
        made = Settings.model_validate(values)
        local = ScriptedGenerator([])
        async with assemble(
            made, load_plugins(), embedder=WordEmbedder(), local=local, gate=GateOf("provider")
        ) as aion:
            await aion.ingest.index_file(SPACE, "hours.md", HOURS)
            yield aion


async def scrape(aion: Aion, token: str | None = None, **headers: str) -> httpx.Response:
    watch = AdapterWatch("discord", Silent(), WatchdogPolicy())
    router = metrics_router(aion.metrics, aion.figures, [watch], Heartbeat(), lambda: True, token)
    transport = httpx.ASGITransport(create_app([router]))
    async with httpx.AsyncClient(transport=transport, base_url="http://aion", headers=headers) as client:
        return await client.get("/metrics")


def samples(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def show_nothing(text: str) -> None:
    """Show nothing."""


async def ask_and_rate(aion: Aion) -> None:
    answer = await aion.questions.pipeline.answer(Question(SPACE, "here", ANA, ASKED, "en"), show_nothing)
    assert answer.used == "groq"
    await aion.services.feedback.press(SPACE, answer.id, ANA, "up")


async def test_answers_ratings_and_state_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(tmp_path, monkeypatch, AION_BACKUP_EVERY_HOURS=24) as aion:
        await ask_and_rate(aion)
        response = await scrape(aion)
        assert response.headers["content-type"].startswith("text/plain")
        seen = samples(response.text)
    assert seen["aion_answers_total", "discord", "groq"] == 1
    assert seen["aion_fallback_total", "discord", "groq"] == 1
    assert seen["aion_answers_total", "telegram", "local"] == 0
    assert seen["aion_ratings_total", "up"] == 1
    assert seen["aion_confidence_bucket", "0.7"] == 0
    assert seen["aion_confidence_bucket", "0.8"] == 1
    assert seen["aion_step_seconds_count", "total"] == 1
    assert seen["aion_completion_tokens_total", "groq"] > 5
    assert seen["aion_ndcg",] == seen["aion_mrr",] == seen["aion_rated_answers",] == 1
    assert seen["aion_documents",] == 1
    assert seen["aion_passages",] >= 1
    assert seen["aion_queue_depth",] == 0
    assert seen["aion_database_bytes",] > 10_000
    assert seen["aion_disk_free_bytes",] > 0
    assert 0 <= seen["aion_backup_age_seconds",] < timedelta(hours=1).total_seconds()
    assert seen["aion_platform_deaf", "discord"] == 0
    assert seen["aion_quota_left_ratio", "requests", "groq-1", "day", "groq"] == 0.999
    assert [is_ready for name, is_ready in seen.items() if name[0] == "aion_provider_ready"] == [1]
    assert ("aion_platform_heard_seconds", "discord") not in seen


async def test_nothing_in_them_names_a_space_a_person_a_document_or_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path, monkeypatch) as aion:
        await ask_and_rate(aion)
        text = (await scrape(aion)).text
        assert "aion_backup_age_seconds" not in text, "none are scheduled"
    labelled = "\n".join(line if line.startswith("#") else line.rpartition(" ")[0] for line in text.splitlines())
    assert 'step="total"' in labelled
    for private in (SPACE, ANA.id, ANA.name, "4711", "8152", "Library", "hours.md", "made-up", ASKED, str(tmp_path)):
        assert private not in labelled  # a value may have any digits


async def test_with_a_token_nobody_else_reads_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(tmp_path, monkeypatch) as aion:
        assert (await scrape(aion, "made-up-metrics-token")).status_code == 401
        assert (await scrape(aion, "made-up-metrics-token", Authorization="Bearer wrong")).status_code == 401
        right = await scrape(aion, "made-up-metrics-token", Authorization="Bearer made-up-metrics-token")
        assert right.status_code == 200
