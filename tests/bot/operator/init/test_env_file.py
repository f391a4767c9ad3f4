"""A ``.env`` is changed where it must be and nowhere else, and read back as it was meant."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from bot.operator.init.env_file import with_settings, write_env

NOW = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
OLD = """# mine
export A='one'   # why
OTHER="two
lines with A=3 in them"

A=again
LAST=x"""

values = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)


def read(text: str) -> dict[str, str | None]:
    return dotenv_values(stream=StringIO(text), interpolate=False)


def test_what_is_not_meant_stays_as_it_was() -> None:
    new = with_settings(OLD, {"A": "new", "B": "added"})
    assert read(new) == {"A": "new", "OTHER": "two\nlines with A=3 in them", "LAST": "x", "B": "added"}
    assert new == OLD.replace("A='one'   # why", "A=new").replace("\nA=again", "\nA=new") + "\nB=added\n"


@given(values, values)
def test_a_value_is_read_as_it_was_written(first: str, second: str) -> None:
    assert read(with_settings(OLD, {"A": first, "LAST": second})) == read(OLD) | {"A": first, "LAST": second}


@given(st.dictionaries(st.from_regex(r"[A-Z_]{1,8}", fullmatch=True), values))
def test_writing_twice_changes_nothing(settings: dict[str, str]) -> None:
    once = with_settings("", settings)
    assert read(once) == settings
    assert with_settings(once, settings) == once


def test_the_file_is_its_owners_and_the_old_one_is_kept(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    assert write_env(path, {"A": "1"}, NOW) is None
    path.chmod(0o644)
    backup = write_env(path, {"A": "2"}, NOW)
    assert backup is not None
    assert (backup.read_text(), path.read_text()) == ("A=1\n", "A=2\n")
    assert {stat.S_IMODE(file.stat().st_mode) for file in (path, backup)} == {0o600}
    assert sorted(file.name for file in tmp_path.iterdir()) == [".env", backup.name]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("A=1\n")
    (tmp_path / ".env").symlink_to(tmp_path / "real")
    write_env(tmp_path / ".env", {"A": "2"}, NOW)
    assert (tmp_path / ".env").is_symlink()
    assert (tmp_path / "real").read_text() == "A=2\n"


def test_what_cannot_be_written_leaves_all_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1\n")
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        write_env(path, {"A": "2"}, NOW)
    assert [file.name for file in tmp_path.iterdir()] == [".env"]
    assert path.read_text() == "A=1\n"
