"""Pseudonyms: stable, keyed, made once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.errors import StorageCorrupt
from core.privacy.pseudonyms import FILE, KEY_BYTES, Pseudonyms


def test_a_person_keeps_one_pseudonym_that_needs_the_key(tmp_path: Path) -> None:
    ours, again = Pseudonyms.open(tmp_path / "a"), Pseudonyms.open(tmp_path / "a")
    theirs = Pseudonyms.open(tmp_path / "b")
    assert ours.of("discord:42") == again.of("discord:42")
    assert ours.of("discord:42") != ours.of("telegram:42")
    assert ours.of("discord:42") != theirs.of("discord:42")
    assert len(ours.of("discord:42")) == 32


def test_the_key_is_its_owners_alone_and_does_not_print(tmp_path: Path) -> None:
    pseudonyms = Pseudonyms.open(tmp_path)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert repr(pseudonyms) == "Pseudonyms()"
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_many_openings_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: Pseudonyms.open(tmp_path).key, range(64)))
    assert len(keys) == 1
    assert len(keys.pop()) == KEY_BYTES


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_damaged_key_is_not_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(StorageCorrupt, match=f"{len(content)} bytes"):
        Pseudonyms.open(tmp_path)
    assert (tmp_path / FILE).read_bytes() == content
