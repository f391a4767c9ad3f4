"""A LoRA version on the screen Models: answers before and after, of the community alone, and nothing of it markup."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.web.dashboard import models as screen
from core.models.lora import WEIGHTS, Base, LoraManifest, write_manifest
from core.models.registry import LoraRegistry
from core.training.retest import RetestedAnswer, report_folder, write_retested
from core.types import SpaceId
from tests.dashboard import RUI, Site

pytestmark = pytest.mark.asyncio(loop_scope="module")

HARM = "<script>alert(1)</script>"


def add_version(registry: LoraRegistry, folder: Path, weights: bytes) -> str:
    folder.mkdir()
    (folder / "adapter_config.json").write_text("{}")
    (folder / WEIGHTS).write_bytes(weights)
    write_manifest(folder, LoraManifest("b", "h", 16, 32.0, ("q_proj",), metrics={"loss": 0.5}))
    return registry.add(folder).name


async def test_answers_stand_side_by_side(shared: Site, space: SpaceId, tmp_path: Path) -> None:
    registry = LoraRegistry(shared.aion.settings.data_dir / "loras")
    name = add_version(registry, tmp_path / "one", b"1")
    pseudonyms = shared.aion.services.dashboard.pseudonyms
    here, elsewhere = (pseudonyms.of(each) for each in (space, SpaceId(f"{space}0")))
    ours = RetestedAnswer(here, (1,), f"When? {HARM}", f"Never. {HARM}", f"At nine. {HARM}", "right")
    theirs = RetestedAnswer(elsewhere, (2,), "A secret?", "It is.", "It was.", "unsure")
    write_retested([ours, theirs], report_folder(registry, name))
    browser = await shared.signed_in(space)
    assert f'href="/dashboard/models/{name}"' in (await browser.get("/models")).text
    page = (await browser.get(f"/models/{name}")).text
    assert "Never." in page and "At nine." in page and "says what somebody liked" in page and "loss 0.5" in page
    assert "A secret?" not in page and HARM not in page and "Promote" not in page
    assert (await browser.get("/models/v99")).status_code == 404


async def test_promotions_are_marked_on_the_chart(shared: Site, space: SpaceId, tmp_path: Path) -> None:
    registry = LoraRegistry(shared.aion.settings.data_dir / "loras")
    name = add_version(registry, tmp_path / "two", b"2")
    registry.promote(name, Base("b", "h"))
    assert f">{name}</text>" in (await (await shared.signed_in(space)).get("/quality")).text
    registry.rollback()
    assert [each for _, each in registry.state().promotions] == [name, None]


async def test_webhooks_are_told_once_of_what_the_operator_promotes(
    shared: Site, space: SpaceId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, webhooks = LoraRegistry(shared.aion.settings.data_dir / "loras"), shared.aion.stores.webhooks
    name = add_version(registry, tmp_path / "three", b"3")
    monkeypatch.setattr(screen, "language_model_base", lambda spec: Base("b", "h"))
    monkeypatch.setattr(screen, "prepare_lora", lambda *given: None)
    monkeypatch.setattr("core.settings.Settings.operators", frozenset({RUI.id}))
    hook = await webhooks.add(space, "https://example.org/hook", ["lora.promoted"])
    browser = await shared.signed_in(space)
    for _ in range(2):
        assert (await browser.send(f"/models/{name}/promote")).status_code == 200
    [told] = await webhooks.waiting(hook, 9)
    assert f'"version": "{name}"' in told.body
    registry.rollback()
