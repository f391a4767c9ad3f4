"""The operator's configuration as it is found in the wild: each oddity is read, or is one sentence."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from pathlib import Path
from subprocess import run

import pytest

from core.dotenv_file import read_dotenv, unquoted
from core.errors import Unavailable
from core.settings import Settings, read_settings
from core.storage.database import Database
from core.texts import explain
from core.types import LANGUAGES

ROOT = Path(__file__).parents[2]
TEXT = "# configuração do bot\nTELEGRAM_TOKEN=42:ABC\n"
UNREADABLE = {
    "latin-1": TEXT.encode("latin-1"),
    "utf-16, as PowerShell writes it": TEXT.encode("utf-16"),
    "utf-16 without a mark": "TELEGRAM_TOKEN=42:ABC\n".encode("utf-16-le"),
}


def aion(folder: Path, *arguments: str, **settings: str) -> tuple[int, str, str]:
    """Run the command line in ``folder``; return its status, output and errors."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("AION_", "TELEGRAM_", "DISCORD_"))
    }
    env = {**kept, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **settings}
    done = run(
        [sys.executable, "-m", "bot", *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_file_that_is_not_utf8_is_one_sentence(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_bytes(UNREADABLE[kind])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Unavailable) as refused:
        read_settings()
    assert refused.value.key == "settings.not_utf8"
    assert refused.value.values["line"] == 1
    assert all("UTF-8" in explain(language, refused.value) for language in LANGUAGES)


@pytest.mark.parametrize("command", [("docs",), ("doctor", "--json"), ("init", "--yes")])
def test_the_terminal_says_so_without_a_traceback(command: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(UNREADABLE["latin-1"])
    status, out, err = aion(tmp_path, *command)
    assert status == 1
    assert "UTF-8" in out + err and "Traceback" not in out + err
    if "--json" in command:
        [finding] = json.loads(out)["findings"]
        assert (finding["level"], finding["check"]) == ("error", "settings.not_utf8")


def test_a_byte_order_mark_hides_no_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_bytes("AION_LANGUAGE=pt\nGROQ_API_KEY=made-up\n".encode("utf-8-sig"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AION_LANGUAGE", raising=False)
    assert read_settings().language == "pt"
    assert read_dotenv()["GROQ_API_KEY"] == "made-up"


def test_a_folder_in_its_place_is_one_sentence_and_no_file_is_no_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert not read_dotenv()
    (tmp_path / ".env").mkdir()
    with pytest.raises(Unavailable) as refused:
        read_settings()
    assert refused.value.key == "settings.unreadable"


def test_quotes_that_docker_keeps_are_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    quoted = {
        "AION_DATA_DIR": '"state"',
        "DISCORD_TOKEN": "'made-up'",
        "TELEGRAM_TOKEN": '""',
        "AION_LIMIT_PERSON_PER_MINUTE": '"7"',
        "AION_LANGUAGE": ' "pt" ',
    }
    for name, value in quoted.items():
        monkeypatch.setenv(name, value)
    settings = Settings(_env_file=None)
    assert settings.data_dir == Path("state")
    assert settings.discord_token is not None and settings.discord_token.get_secret_value() == "made-up"
    assert settings.telegram_token is None
    assert (settings.limit_person, settings.language) == (7, "pt")
    assert [unquoted(each) for each in ('"', "'a\"", "a 'b'", " 'a' ")] == ['"', "'a\"", "a 'b'", "a"]


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ana")
    names = {"AION_DATA_DIR": "~/aion", "AION_LOCAL_MODEL": "~/m.gguf", "AION_PROVIDERS_FILE": "~/p.toml"}
    settings = Settings(_env_file=None, **names)
    assert [str(each) for each in (settings.data_dir, settings.local_model, settings.providers_file)] == [
        "/home/ana/aion",
        "/home/ana/m.gguf",
        "/home/ana/p.toml",
    ]
    assert Settings(_env_file=None, AION_LOCAL_MODEL="some/model~1").local_model == "some/model~1"


async def test_another_program_that_holds_the_database_is_one_sentence(tmp_path: Path) -> None:
    await (await Database.open(tmp_path)).close()
    with sqlite3.connect(tmp_path / "aion.db", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Unavailable) as refused:
            await Database.open(tmp_path)
        assert refused.value.key == "storage.held"
        for command in (("docs",), ("doctor", "--json")):
            status, out, err = aion(tmp_path, *command, AION_DATA_DIR=str(tmp_path))
            assert status == 1
            assert "Another program holds the database" in out + err and "Traceback" not in out + err
    other.close()
    await (await Database.open(tmp_path)).close()
