"""What is said of the providers: to operators on the command line, to moderators in chat."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bot.operator.providers import print_providers, print_providers_as_json, reset_provider
from core.errors import BadInput
from core.generation.providers.catalogue import ModelLimits, ProviderModel
from core.generation.providers.ledger import Ledger
from core.generation.providers.route import routes
from core.generation.providers.router import Router
from core.generation.providers.status import ProviderStatusService
from core.privacy.discord_rules import DiscordRules
from core.services import ProviderStatus
from core.storage.database import Database
from core.storage.quotas import Quotas
from core.texts import say
from core.types import LANGUAGES, Language
from plugins.providers import line, show_providers
from tests.providers import fails, says
from tests.routing import Hands, Walk, ask, keys_of, provider

FEW = ProviderModel("few", limits=ModelLimits(requests_per_day=2, requests_per_minute=10))
DEAD = fails(429, {"error": {"message": "free-models-per-day"}})


async def test_the_desk_tells_what_is_left_and_why_one_is_not_asked() -> None:
    async with Walk(groq=[says("yes")], gemini=[DEAD]) as walk:
        table = [
            provider("gemini", walk.servers["gemini"].url),
            provider("groq", walk.servers["groq"].url, FEW),
            provider("huggingface"),
            provider("openai", paid=True),
        ]
        found = routes(table, keys_of(*table[:2]), 0.0)
        desk = ProviderStatusService(table, found, walk.ledger)
        router = Router(found, walk.client, walk.ledger)
        await ask(router)
        gemini, groq, huggingface, openai = await desk.status()
        assert (gemini.state, gemini.key) == ("benched", "ni-0")
        assert "free-models-per-day" in gemini.reason
        assert f"{gemini.until:%d %H:%M}" == "19 00:00"
        left = {(allowance.period, allowance.kind): allowance.left for allowance in groq.allowances}
        assert (groq.state, left) == ("ready", {("day", "requests"): 1, ("minute", "requests"): 9})
        assert (huggingface.state, openai.state, openai.key) == ("no_key", "off", None)
        await ask(router)
        assert (await desk.status())[1].state == "spent"

        assert await desk.reset("gemini") == 1
        assert (await desk.status())[0].state == "ready"
        assert (await desk.status())[1].state == "spent"
        with pytest.raises(BadInput, match="grok"):
            await desk.reset("grok")


async def test_a_reset_reaches_the_process_that_is_running(database: Database) -> None:
    hands = Hands()
    async with Walk(hands=hands, gemini=[DEAD, says("back")], groq=[says("other")]) as walk:
        walk.ledger = Ledger(Quotas(database), hands.clock())
        router = walk.router()
        assert (await ask(router))[0] == "groq"
        await walk.ledger.save()
        beside = Ledger(Quotas(database), hands.clock())
        assert await ProviderStatusService([route.provider for route in router.routes], router.routes, beside).reset(
            "gemini"
        )
        hands.pass_time(10)
        assert (await ask(router))[0] == "gemini"
        await walk.ledger.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AION_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("GROQ_API_KEY", " gsk_PLANTEDkey0123456789wxyz\n, gsk_SECOND\n")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-PLANTED")
    for name in ("GEMINI_API_KEY", "HUGGINGFACE_API_KEY", "OPENROUTER_API_KEY", "AION_OPENAI_MONTHLY_USD"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


async def test_the_command_prints_json_with_the_end_of_each_key_alone(folder: Path, capsys) -> None:
    await print_providers_as_json()
    out = capsys.readouterr().out
    rows = json.loads(out)
    assert [(row["provider"], row["key"]) for row in rows[:2]] == [("groq", "wxyz"), ("groq", "COND")]
    assert rows[0].keys() == {"provider", "key", "model", "state", "until", "reason", "trains", "limits"}
    assert {limit["kind"] for limit in rows[0]["limits"]} == {"requests", "tokens"}
    assert rows[-1]["state"] == "off"
    assert "PLANTED" not in out
    documented = (Path(__file__).parents[4] / "docs" / "models.md").read_text(encoding="utf-8")
    assert all(f"`{field}`" in documented for field in (*rows[0], *rows[0]["limits"][0]))


async def test_the_command_works_beside_a_running_aion(folder: Path, capsys) -> None:
    async with await Database.open(folder / "data"):
        await print_providers()
        await reset_provider("groq")
    out = capsys.readouterr().out
    assert "wxyz" in out
    assert "PLANTED" not in out
    assert "groq" in out.splitlines()[-1]


class Called:
    """The context of a command, as far as ``/providers`` looks at it."""

    def __init__(self, *statuses: ProviderStatus) -> None:
        self.statuses = statuses
        self.replies: list[str] = []

    @property
    def services(self) -> Called:
        return self

    @property
    def providers(self) -> Called:
        return self

    async def status(self) -> tuple[ProviderStatus, ...]:
        return self.statuses

    def say(self, key: str, **values: object) -> str:
        return say("en", key, **values)

    async def reply(self, text: str) -> None:
        self.replies.append(text)


async def test_moderators_see_no_key_and_no_providers_words() -> None:
    called = Called(
        ProviderStatus("groq", "gpt", "wxyz", "benched", reason="secret words"),
        ProviderStatus("gemini", "flash", None, "no_key"),
        ProviderStatus("colab", "qwen", None, "online"),
        ProviderStatus("kaggle", "", None, "unseen"),
    )
    await show_providers(called)  # type: ignore[arg-type]
    assert called.replies == ["groq · gpt: not asked\ncolab · qwen: online\nkaggle: not looked at yet"]
    nobody = Called(ProviderStatus("gemini", "flash", None, "no_key"))
    await show_providers(nobody)  # type: ignore[arg-type]
    assert "No provider" in nobody.replies[0]


def test_the_desk_needs_no_running_loop_to_be_made() -> None:
    assert asyncio.run(ProviderStatusService((), (), Ledger()).status()) == ()


async def test_a_plan_that_trains_on_what_it_is_sent_is_said_to_be_refused_or_allowed() -> None:
    async with Walk() as walk:
        plans: list[tuple[bool | str, DiscordRules | None, str]] = [
            (True, None, "refused"),
            ("unknown", None, "unknown"),
            (True, DiscordRules(training_plans_allowed=True), "allowed"),
            ("unknown", DiscordRules(training_plans_allowed=True), "allowed"),
        ]
        for trains, rules, said in plans:
            table = [provider("gemini", trains_on_prompts=trains), provider("groq")]
            found = routes(table, keys_of(table[0]), 0.0)
            gemini, groq = await ProviderStatusService(table, found, walk.ledger, discord_rules=rules).status()
            assert (gemini.trains, groq.trains) == (said, "no")
            for language in LANGUAGES:
                words = say(language, f"providers.trains_{said}")
                assert words in line(Speaking(language), gemini)
                assert words not in line(Speaking(language), groq)


class Speaking:
    """Says sentences of the catalogue in one language, as a command's context does."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def say(self, key: str, **values: object) -> str:
        return say(self._language, key, **values)
