"""The house rules that a machine can hold: floors, file sizes, languages, documented settings, valid deployment."""

from __future__ import annotations

import inspect
import keyword
import re
import string
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from bot.cli import app
from bot.reference.command_line import Subcommand, command_line
from bot.reference.pages import reference_pages
from core.extensions import testing
from core.extensions.contributions import PluginRegistry
from core.extensions.manifest import HOOKS, PluginManifest
from core.settings import Settings
from core.texts import catalogue
from core.types import LANGUAGES
from plugins import load_plugins

ROOT = Path(__file__).parent.parent
CODE = [path for folder in ("bot", "core", "plugins") for path in sorted((ROOT / folder).rglob("*.py"))]
TEMPLATES = sorted((ROOT / "bot/web/dashboard/templates").glob("*.html"))


def test_nothing_imports_upward() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as main; main()", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_one_module_leaves_the_event_loop() -> None:
    leaving = re.compile(r"\bto_thread\(|\brun_in_executor\(|\brun_in_threadpool\(")
    found = {str(path.relative_to(ROOT)) for path in CODE if leaving.search(path.read_text(encoding="utf-8"))}
    assert found == {"core/offload.py"}


def test_every_language_says_the_same() -> None:
    def gaps(sentence: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}

    english, *others = (catalogue(language) for language in LANGUAGES)
    for other in others:
        assert other.keys() == english.keys()
        for key in english:
            assert gaps(other[key]) == gaps(english[key]), key


def test_every_sentence_is_said_somewhere() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (*CODE, *TEMPLATES))
    composed = set(re.findall(r"f\"([a-z]+)\.\{|\"([a-z]+)\.\" ~", code))
    said = set(re.findall(r"[\"']([a-z_]+\.[a-z0-9_]+)[\"']", code))
    tables = {table for each in composed for table in each}
    assert not [key for key in catalogue("en") if key not in said and key.split(".")[0] not in tables]


def test_every_key_that_is_said_exists() -> None:
    said = re.compile(r'(?:say\([^()"]*|BadInput\(|Refused\(|Unavailable\(|Reason\()"([a-z_]+\.[a-z_]+)"')
    for path in CODE:
        for key in said.findall(path.read_text(encoding="utf-8")):
            assert key in catalogue("en"), f"{key} in {path.name}"
    for path in TEMPLATES:
        for key in re.findall(r'say\("([a-z_]+\.[a-z_]+)"[,)]', path.read_text(encoding="utf-8")):
            assert key in catalogue("en"), f"{key} in {path.name}"


REFERENCE = reference_pages()


@pytest.mark.parametrize("page", REFERENCE)
def test_the_reference_is_what_the_code_says(page: str) -> None:
    assert (ROOT / page).read_text(encoding="utf-8") == REFERENCE[page], "run `make reference` and commit what it wrote"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_described_and_in_the_example(name: str) -> None:
    setting = Settings.model_fields[name]
    assert setting.description, f"describe {name} in a string below it, in core/settings/"
    assert f"{setting.alias}=" in (ROOT / ".env.example").read_text(encoding="utf-8")


def test_every_variable_is_in_the_reference() -> None:
    named = re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    read = {name for path in CODE for name in re.findall(r'"(AION_[A-Z_]+)"', path.read_text(encoding="utf-8"))}
    assert not [name for name in {*named, *read} if f"`{name}`" not in REFERENCE["docs/reference/settings.md"]]


@pytest.mark.parametrize("command", [*command_line()], ids=lambda command: " ".join(command.words))
def test_every_subcommand_is_explained_by_example(command: Subcommand) -> None:
    assert command.about
    assert all(each.about for each in command.parameters)
    assert command.words == ("aion",) or [each for each in command.examples if " ".join(command.words) in each]


def test_the_readme_names_what_exists() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    folders = "|".join(sorted(path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."))
    named = {*re.findall(rf"(?<![\w./-])(?:{folders})/[\w./-]*\w", text), *re.findall(r"\]\(([^)#:]+)\)", text)}
    assert len(named) > 5
    runtime = ("data/training", "data/backups")  # what AION itself writes
    assert not [path for path in sorted(named) if not path.startswith(runtime) and not (ROOT / path).exists()]


def test_every_hook_and_every_field_of_a_plugin_is_documented() -> None:
    text = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    assert not [hook for hook in HOOKS if f"`{hook}(" not in text]
    assert not [field for field in PluginManifest.model_fields if f"| `{field}` |" not in text]
    doors = [name for name in vars(PluginRegistry) if name.startswith("add_")]
    assert len(doors) == 5 and not [name for name in doors if f"`registry.{name}(" not in text]
    functions = [value for name, value in vars(testing).items() if inspect.isfunction(value) and name[0] != "_"]
    harness = [each.__name__ for each in functions if each.__module__ == testing.__name__]
    assert len(harness) == 8 and not [name for name in harness if f"{name}(" not in text]


COMMANDS = typer.main.get_group(app).commands
TRAINING = [f"train/{name}" for name in COMMANDS["train"].commands]


def module_of(command: str) -> str:
    """Return the name of a command's module: a word of Python's own has an underscore after it."""
    return f"{command}_" if keyword.iskeyword(command) else command


@pytest.mark.parametrize("command", [*COMMANDS, *TRAINING])
def test_a_subcommand_and_its_work_have_one_name(command: str) -> None:
    def place(folder: str) -> str | None:
        for below in ("", "knowledge"):
            path = ROOT / "bot" / folder / below / module_of(command)
            if path.with_suffix(".py").is_file() or (path / "__init__.py").is_file():
                return f"{below}/{command}"
        return None

    assert place("cli")
    assert place("operator") == place("cli") or command == "chat"  # the terminal is a platform: bot/adapters/console.py


def test_every_command_speaks_every_language() -> None:
    for command in load_plugins():
        for text in (command.description, *(parameter.description for parameter in command.parameters)):
            assert set(text) == set(LANGUAGES)
            assert all(0 < len(sentence) <= 100 for sentence in text.values())  # Discord's limit


def test_every_command_is_in_a_module_named_by_it_or_by_its_family() -> None:
    families = {
        "pending": "review",
        "approve": "review",
        "reject": "review",
        "teach_reply": "reply",
        "plugin_on": "plugin",
        "consent": "teach",
    }
    families |= {
        "again": "sources",
        "forget": "docs",
        "quiz_answer": "quiz",
        "set_setting": "settings",
        "export_me": "privacy",
        "forget_me": "privacy",
        "wrong": "right",
        "conflict": "conflicts",
        "settle_conflict": "conflicts",
        "solve": "trust",
        "untrust": "trust",
        "unlearn": "trust",
    }
    for command in load_plugins():
        module = module_of(families.get(command.name, command.name))
        assert command.handler.__module__ in {f"plugins.{module}", f"plugins.knowledge.{module}"}


def test_help_answers_without_loading_anything_heavy() -> None:
    probe = (
        "import sys; from bot.cli import app; "
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'faiss', 'tantivy', 'discord', 'telegram', "
        "'sqlalchemy', 'pydantic', 'numpy', 'httpx'} & set(sys.modules); "
        "print(sorted(heavy)); sys.exit(bool(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_small_commands_load_neither_the_core_nor_its_models() -> None:
    probe = (
        "import sys, bot.operator.settings, bot.operator.quality; from bot.operator.knowledge import docs, forget; "
        "heavy = {'torch', 'faiss', 'tantivy', 'httpx', 'lxml', 'apscheduler', 'core.pipeline'} & set(sys.modules); "
        "print(sorted(heavy)); sys.exit(bool(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


LOCKS = tuple(f"requirements{part}.lock" for part in ("", ".light", ".dev", ".tools", ".browser"))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address_and_pins_everything(lock: str) -> None:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if "://" in line]
    pins = [line for line in lines if line and not line.startswith((" ", "#"))]
    assert pins
    assert all("==" in line for line in pins)
    assert not [line for line in pins if line.startswith(("torch==", "nvidia-"))]
