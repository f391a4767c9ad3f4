from __future__ import annotations

import pytest

from bot.reference.chat_page import chat_page
from core.services.setting_schema import SETTINGS
from core.types import LANGUAGES, Language
from plugins import load_plugins


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_and_setting_is_there_once(language: Language) -> None:
    rows = [line.split("`")[1].split()[0] for line in chat_page(language).splitlines() if line.startswith("| `")]
    assert sorted(rows) == sorted([*(f"/{each.name}" for each in load_plugins()), *(each.name for each in SETTINGS)])


def test_what_may_be_left_out_stands_in_brackets() -> None:
    assert "| `/learn what [audience]` | moderators, and everyone in their private chat |" in chat_page("en")


def test_portuguese_speaks_portuguese() -> None:
    assert "| `/help` | todos | O que eu sei fazer. |" in chat_page("pt")
