"""What the guides tell people to type exists: subcommands with their options, commands of the chat, settings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.reference.command_line import command_line
from bot.reference.settings_page import settings_page
from core.services.setting_schema import SETTINGS
from plugins import load_plugins
from tests.test_links import PAGES, ROOT

GUIDES = [
    page
    for page in PAGES
    if (page.parent == ROOT or ROOT / "docs" in page.parents or ROOT / "deploy" in page.parents)
    and "reference" not in page.parts
    and page.name != "CHANGELOG.md"
]
BY_WORDS = {each.words: each for each in command_line()}
COMMANDS = {each.name for each in load_plugins()}
SETTINGS_PAGE = settings_page()

_TYPED = re.compile(r"(?:^\$ |`)(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?(aion [^\n`]+)", re.MULTILINE)
_CHAT = re.compile(r"`/([a-z_]+)(?=[ `])(?: ([a-z_]+))?")
_SETTING = re.compile(r"`(AION_[A-Z_]+)")
_OTHERS = {"health", "metrics", "generate", "mcp", "setprivacy", "setdomain", "newbot", "revoke", "coin"}
"""What begins with a slash and is no command of ours: paths, those of BotFather, and of an example."""


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def unknown(line: str) -> list[str]:
    """Return what ``aion`` would refuse of a typed line: a subcommand that is none, options that it has not."""
    words = re.split(r"\s+", re.split(r"\s+(?:#|>|·|\\$)", line)[0].strip())
    command = next(BY_WORDS[tuple(words[:n])] for n in range(len(words), 0, -1) if tuple(words[:n]) in BY_WORDS)
    options = {
        name
        for each in command
        for parameter in each.parameters
        for name in re.findall(r"--[a-z-]+", parameter.written)
    }
    wrong = [word for word in words if word.startswith("--") and word.split("=")[0] not in {*options, "--help"}]
    is_group = bool(command.below) and len(words) > len(command.words)
    stray = words[len(command.words)] if is_group else ""
    return wrong + ([stray] if re.fullmatch(r"[a-z]+", stray) else [])


@pytest.mark.parametrize("page", GUIDES, ids=named)
def test_what_is_typed_in_a_terminal_exists(page: Path) -> None:
    lines = _TYPED.findall(page.read_text(encoding="utf-8"))
    assert not {line: wrong for line in lines if (wrong := unknown(line))}


@pytest.mark.parametrize("page", GUIDES, ids=named)
def test_what_is_typed_in_chat_exists(page: Path) -> None:
    typed = [match for match in _CHAT.findall(page.read_text(encoding="utf-8")) if match[0] not in _OTHERS]
    assert not [name for name, _ in typed if name not in COMMANDS]
    assert not [
        word for name, word in typed if name == "settings" and word and word not in {each.name for each in SETTINGS}
    ]


@pytest.mark.parametrize("page", GUIDES, ids=named)
def test_the_settings_that_are_named_exist(page: Path) -> None:
    named = set(_SETTING.findall(page.read_text(encoding="utf-8")))
    assert not [name for name in named if f"`{name}`" not in SETTINGS_PAGE and not name.endswith("_")]


def test_what_does_not_exist_is_found() -> None:
    assert unknown("aion index notes/ --cod") == ["--cod"]
    assert unknown("aion jobs dance") == ["dance"]
    assert unknown("aion dance") == ["dance"]
    assert unknown("aion import help.json --space discord:1234 --dry-run   # a comment --with words") == []
