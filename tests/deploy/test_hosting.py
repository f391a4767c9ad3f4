"""The pages on hosting: every command, setting, path, target and extra that they name exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import typer
import typer.core
import yaml

from bot.cli import _OPTIONS, app
from core.settings import Settings

ROOT = Path(__file__).parents[2]
HOSTING = ROOT / "deploy" / "hosting"
PAGES = sorted(HOSTING.glob("*.md"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SETTINGS = {str(field.alias) for field in Settings.model_fields.values()} | set(_OPTIONS)
COMMANDS = typer.main.get_group(app)

_COMMAND = re.compile(r"(?<![\w/-])(?<!-n )(?:\.venv/bin/)?aion ((?:[a-z]+ ?)+(?:--[a-z-]+)?)")
_SETTING = re.compile(r"\b(?:AION|DISCORD|TELEGRAM)_[A-Z_]+\b")
_TOPICS = ("costs", "needs", "can do", "cannot", "memory")


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def code(text: str) -> str:
    """Return what a page has as code, in blocks and within lines."""
    return "\n".join((*re.findall(r"```\w*\n(.*?)```", text, re.DOTALL), *re.findall(r"(?<!`)`([^`\n]+)`", text)))


def unknown_commands(text: str) -> list[str]:
    """Return what is written as an ``aion`` command and is none."""
    return [" ".join(words) for words in map(str.split, _COMMAND.findall(code(text))) if not is_known(words)]


def is_known(words: list[str]) -> bool:
    command = COMMANDS.commands.get(words[0])
    if isinstance(command, typer.core.TyperGroup):
        return words[1] in command.commands if len(words) > 1 else command.invoke_without_command
    options = {option for parameter in command.params for option in parameter.opts} if command else set()
    return command is not None and (not words[-1].startswith("--") or words[-1] in options)


def test_there_is_a_page_for_each_kind_of_machine() -> None:
    assert [page.stem for page in PAGES] == ["free-vm", "gpu", "kubernetes", "laptop", "supabase"]


def test_a_command_that_does_not_exist_is_found() -> None:
    assert unknown_commands("`aion indexx notes/` `aion train nothing` `aion doctor --no-such`") == [
        "indexx notes",
        "train nothing",
        "doctor --no-such",
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_and_setting_exists(page: Path) -> None:
    text = read(page)
    assert not unknown_commands(text)
    assert not set(_SETTING.findall(text)) - SETTINGS
    targets = set(re.findall(r"\bmake ([a-z-]+)", code(text)))
    assert not [each for each in targets if f"\n{each}:" not in (ROOT / "Makefile").read_text(encoding="utf-8")]
    extras = set(re.findall(r"(?:aion-memory|\.)\[(\w+)\]", text))
    assert not extras - PROJECT["optional-dependencies"].keys()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_path_and_profile_exists(page: Path) -> None:
    text = read(page)
    paths = {
        *re.findall(r"(?<![\w./-])(?:deploy|bench|tests)/[\w./-]*\w", text),
        *re.findall(r"\brequirements[\w.]*\.lock", text),
    }
    links = {(page.parent / link).resolve() for link in re.findall(r"\]\(([^)#:]+)\)", text)}
    assert not [each for each in (*(ROOT / path for path in paths), *links) if not each.exists()]
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"].values()
    profiles = {profile for service in services for profile in service.get("profiles", ())}
    assert set(re.findall(r"--profile (\w+)", text)) <= profiles


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_what_it_costs_can_do_and_was_tried(page: Path) -> None:
    text = read(page)
    assert "tried" in text
    assert re.search(r"\d+(?:\.\d+)? [MG]B", text)
    if page.stem != "gpu":  # its table compares three kinds
        assert not [topic for topic in _TOPICS if f"| {topic} |" not in text]
