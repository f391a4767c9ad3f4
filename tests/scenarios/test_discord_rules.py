"""Discord's developer policy through the whole core: who is asked, and what moderators are told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.settings import Settings
from core.types import Confidence, Decision, Person, SearchResult, SpaceId
from plugins import load_plugins
from tests.fakes import CollectingOutlet, ScriptedGenerator, WordEmbedder, message
from tests.providers import says
from tests.routing import Walk

ANA = Person("discord:7", "Ana", is_moderator=True)
GUILD, GROUP = SpaceId("discord:1"), SpaceId("telegram:-1")


class NothingFound:
    """A gate that finds no answer in any passage, so that a provider is asked."""

    def decide(self, found: SearchResult) -> Decision:
        return Decision("abstain", Confidence(0.1, 0.8, (), {}))


@asynccontextmanager
async def opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch, trains: str = "true", **settings: str
) -> AsyncIterator[tuple[Aion, Walk]]:
    """Open a core with one provider, which trains on what it is sent, does not, or is not known to."""
    async with Walk(gemini=[says("Paris.")] * 9) as walk:
        table = folder / "providers.toml"
        table.write_text(
            f'[[provider]]\nname = "gemini"\nbase_url = "{walk.servers["gemini"].url}"\nkey_env = "GEMINI_API_KEY"\n'
            f'paid = false\ntrains_on_prompts = {trains}\nlanguages = ["en", "pt"]\ncontext_tokens = 4000\n'
            'max_output_tokens = 100\nmodels = [{ id = "m" }]\n'
        )
        monkeypatch.setenv("GEMINI_API_KEY", "made-up")
        chosen = Settings(_env_file=None, AION_DATA_DIR=folder / "data", AION_PROVIDERS_FILE=table, **settings)
        local = ScriptedGenerator([])
        embedder, gate = WordEmbedder(), NothingFound()
        async with assemble(chosen, load_plugins(), embedder=embedder, local=local, gate=gate) as aion:
            yield aion, walk


async def said(aion: Aion, text: str, space: SpaceId, **rest: object) -> str:
    outlet = CollectingOutlet()
    asked = message(text, key=f"{text}{space}{rest}", person=ANA, space=space)
    await aion.dispatch.handle(replace(asked, platform="discord", **rest), outlet)
    return outlet.text


@pytest.mark.parametrize("trains", ["true", '"unknown"'])
async def test_a_plan_that_trains_or_may_is_asked_for_telegram_and_not_for_discord(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trains: str
) -> None:
    async with opened(tmp_path, monkeypatch, trains) as (aion, walk):
        for space in (GUILD, SpaceId("discord:dm:7")):
            assert "don't know" in await said(aion, "What is the capital of France?", space)
        assert walk.n_asked() == {"gemini": 0}
        assert "Paris" in await said(aion, "What is the capital of France?", GROUP)
        assert walk.n_asked() == {"gemini": 1}
        assert "not asked for Discord" in await said(aion, "/providers", GUILD, command="providers")


async def test_a_plan_that_does_not_train_is_asked_for_discord(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(tmp_path, monkeypatch, "false") as (aion, walk):
        assert "Paris" in await said(aion, "What is the capital of France?", GUILD)
        assert walk.n_asked() == {"gemini": 1}


async def test_the_operator_may_allow_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(tmp_path, monkeypatch, AION_DISCORD_TRAINING_PLANS="allow") as (aion, walk):
        assert "Paris" in await said(aion, "What is the capital of France?", GUILD)
        assert walk.n_asked() == {"gemini": 1}


async def test_training_says_what_discord_forbids_there_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on = {"command": "training", "arguments": {"allowed": "on"}}
    async with opened(tmp_path, monkeypatch) as (aion, _):
        assert "developer policy" in await said(aion, "/training", GUILD, **on)
        assert "developer policy" not in await said(aion, "/training", GROUP, **on)
        assert "not from what you write" in await said(aion, "/privacy", GUILD, command="privacy")
        assert "your questions" in await said(aion, "/privacy", GROUP, command="privacy")
    folder = tmp_path / "permitted"
    folder.mkdir()
    async with opened(folder, monkeypatch, AION_DISCORD_TRAINING_PERMITTED="yes") as (aion, _):
        assert "developer policy" not in await said(aion, "/training", GUILD, **on)
