"""A folder of archives: only whole ones are listed, and whatever else lies there is left alone."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.backup.places import FolderPlace, archive_name, made_at
from core.errors import BadInput, Unavailable

MOMENT = datetime(2026, 1, 31, 4, 5, 6, tzinfo=UTC)
NAME = "aion-20260131-040506Z.tar.zst"


def test_a_name_tells_its_moment_and_is_never_given_twice() -> None:
    names = [archive_name(MOMENT, (), encrypted=False), archive_name(MOMENT, [NAME], encrypted=False)]
    names.append(archive_name(MOMENT, (), encrypted=True))
    assert names == [NAME, "aion-20260131-040506Z-1.tar.zst", f"{NAME}.age"]
    assert {made_at(name) for name in names} == {MOMENT}
    assert not any(map(made_at, ("notes.txt", "aion-20261399-040506Z.tar.zst", f".{NAME}", f"{NAME}.part")))


def test_whole_archives_are_listed_oldest_first_for_their_owner_alone(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path / "new" / "backups")
    assert place.names() == ()
    for name in ("aion-20260201-000000Z.tar.zst", NAME):
        with place.writing(name) as file:
            file.write(name.encode())
    (tmp_path / "new" / "backups" / "notes.txt").write_text("mine")
    assert place.names() == [NAME, "aion-20260201-000000Z.tar.zst"]
    with place.reading(NAME) as file:
        assert file.read() == NAME.encode()
    modes = [path.stat().st_mode for path in (tmp_path / "new" / "backups", tmp_path / "new" / "backups" / NAME)]
    assert [stat.S_IMODE(mode) for mode in modes] == [0o700, 0o600]
    place.delete(NAME)
    place.delete(NAME)
    assert place.names() == ["aion-20260201-000000Z.tar.zst"]


def test_one_that_failed_or_was_killed_is_never_listed(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path)
    with pytest.raises(KeyError), place.writing(NAME) as file:
        file.write(b"half")
        raise KeyError
    assert not list(tmp_path.iterdir())
    (tmp_path / f".{NAME}.4711").write_bytes(b"left by a process that was killed")
    assert place.names() == []
    with place.writing(NAME):
        pass
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_place_that_is_none_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    place = FolderPlace(tmp_path / "file")
    with pytest.raises(Unavailable, match="unusable"):
        place.names()
    with pytest.raises(Unavailable, match="unusable"), place.writing(NAME):
        pass
    with pytest.raises(BadInput, match="unreadable"), FolderPlace(tmp_path).reading(NAME):
        pass
