"""Which installation it is, and settings that the light one cannot follow."""

from __future__ import annotations

import pytest

from bot.operator.doctor import installation
from bot.operator.doctor.installation import installation_findings
from core.generation.local import factory
from core.settings import Settings

BEYOND = {
    "AION_EMBEDDER": "intfloat/multilingual-e5-large",
    "AION_LOCAL_MODEL": "some/model",
    "AION_RERANKER": "some/reranker",
    "AION_TRAIN_AFTER_RATINGS": "200",
}


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (installation, factory):
        monkeypatch.setattr(module, "is_installed", lambda *modules: False)


def found(**settings: str) -> list[tuple[str, str]]:
    findings = installation_findings(Settings.model_validate(settings))
    return [(each.level, str(each.values.get("what", each.key))) for each in findings]


def test_the_full_installation_follows_every_setting() -> None:
    assert found(**BEYOND) == [("ok", "full_installation")]


def test_the_light_one_says_what_it_cannot_follow(light: None) -> None:
    assert found() == [("ok", "light_installation")]
    beyond = [("error", f"{name}={value}") for name, value in BEYOND.items()]
    assert found(**BEYOND) == [("ok", "light_installation"), *beyond]


def test_a_model_on_a_server_needs_no_engine_here(light: None) -> None:
    assert found(AION_LOCAL_MODEL="some/model", AION_LOCAL_URL="http://127.0.0.1:11434/v1") == [
        ("ok", "light_installation")
    ]
