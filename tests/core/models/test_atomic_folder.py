"""Converted folders: written once, whole or not at all, and anew when they are not what was written."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from core.models.atomic_folder import ensure_converted, is_intact


class Conversion:
    """Writes two files, and counts how often it was asked to."""

    def __init__(self) -> None:
        self.n_written = 0

    def __call__(self, folder: Path) -> None:
        assert not list(folder.iterdir())
        self.n_written += 1
        (folder / "weights").write_bytes(b"0123456789" * 1000)
        (folder / "nested").mkdir()
        (folder / "nested/config.json").write_text("{}")


@pytest.fixture
def conversion() -> Conversion:
    return Conversion()


def test_it_is_written_once(tmp_path: Path, conversion: Conversion) -> None:
    folder = tmp_path / "deep/models/tiny"
    assert not is_intact(folder, "1")
    for _ in range(2):
        assert ensure_converted(folder, "1", conversion) == folder
    assert conversion.n_written == 1
    assert is_intact(folder, "1")
    assert (folder / "nested/config.json").read_text() == "{}"


def change_version(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"version": "0"}))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "another version": change_version,
    "a file gone": lambda folder: (folder / "weights").unlink(),
    "a file cut short": lambda folder: (folder / "weights").write_bytes(b"0123"),
    "a byte changed": lambda folder: (folder / "weights").write_bytes(b"0123456788" + b"0123456789" * 999),
    "a file emptied": lambda folder: (folder / "nested/config.json").write_text(""),
    "a file too many": lambda folder: (folder / "nested/tokenizer.json").write_text("{}"),
    "no manifest": lambda folder: (folder / "manifest.json").unlink(),
    "half a manifest": lambda folder: (folder / "manifest.json").write_text('{"version": "1", "fil'),
    "another manifest": lambda folder: (folder / "manifest.json").write_text("[]"),
    "binary manifest": lambda folder: (folder / "manifest.json").write_bytes(b"\xff\xfe\x00"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damage_is_repaired(tmp_path: Path, conversion: Conversion, damage: Callable[[Path], object]) -> None:
    folder = ensure_converted(tmp_path / "tiny", "1", conversion)
    damage(folder)
    assert not is_intact(folder, "1")
    ensure_converted(folder, "1", conversion)
    assert is_intact(folder, "1")
    assert conversion.n_written == 2
    assert sorted(path.name for path in folder.rglob("*")) == ["config.json", "manifest.json", "nested", "weights"]


def test_what_a_killed_process_left_is_dropped(tmp_path: Path, conversion: Conversion) -> None:
    partial = tmp_path / ".tiny.partial"
    partial.mkdir()
    (partial / "weights").write_bytes(b"half")
    folder = ensure_converted(tmp_path / "tiny", "1", conversion)
    assert is_intact(folder, "1")
    assert not partial.exists()


def test_a_failed_conversion_leaves_nothing_and_is_tried_again(tmp_path: Path, conversion: Conversion) -> None:
    def fail(folder: Path) -> None:
        (folder / "weights").write_bytes(b"half")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        ensure_converted(tmp_path / "tiny", "1", fail)
    assert [path.name for path in tmp_path.iterdir() if not path.name.endswith(".lock")] == []
    assert is_intact(ensure_converted(tmp_path / "tiny", "1", conversion), "1")


def test_a_failed_replacement_keeps_the_old_one(tmp_path: Path, conversion: Conversion) -> None:
    def fail(folder: Path) -> None:
        raise ValueError("not such a model")

    folder = ensure_converted(tmp_path / "tiny", "1", conversion)
    with pytest.raises(ValueError, match="such"):
        ensure_converted(folder, "2", fail)
    assert is_intact(folder, "1")


def test_several_at_once_write_one(tmp_path: Path, conversion: Conversion) -> None:
    start = threading.Barrier(4)

    def ensure() -> None:
        start.wait()
        ensure_converted(tmp_path / "tiny", "1", conversion)

    threads = [threading.Thread(target=ensure) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert conversion.n_written == 1
    assert is_intact(tmp_path / "tiny", "1")
