from __future__ import annotations

import resource
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import BadInput, Unavailable
from core.training.checkpoint import SEAL, Checkpoint, Checkpoints, TimeBox


def writes(text: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        assert not list(folder.iterdir())
        (folder / "weights").write_text(text)
        (folder / "more").mkdir()
        (folder / "more" / "state").write_text(text * 2)

    return write


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    return Checkpoints(tmp_path / "run", "settings, data")


def test_the_newest_is_found_and_the_last_two_are_kept(checkpoints: Checkpoints):
    assert checkpoints.latest() is None
    for step in (2, 9, 10):
        checkpoints.save(step, writes(str(step)))
    assert checkpoints.latest() == Checkpoint(10, checkpoints.path(10))
    assert sorted(path.name for path in checkpoints.folder.iterdir()) == ["checkpoint-10", "checkpoint-9"]
    assert (checkpoints.path(10) / "more" / "state").read_text() == "1010"


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: (path / SEAL).unlink(),
        lambda path: (path / SEAL).write_text((path / SEAL).read_text()[:-9]),
        lambda path: (path / SEAL).write_text("[]"),
        lambda path: (path / "weights").write_text("x"),
        lambda path: (path / "weights").unlink(),
        lambda path: shutil.rmtree(path / "more"),
        lambda path: shutil.rmtree(path),
    ],
)
def test_what_is_not_whole_is_passed_over(checkpoints: Checkpoints, harm: Callable[[Path], None]):
    checkpoints.save(1, writes("a"))
    checkpoints.save(2, writes("b"))
    harm(checkpoints.path(2))
    assert checkpoints.latest() == Checkpoint(1, checkpoints.path(1))
    checkpoints.save(2, writes("c"))  # the run comes by there again
    assert checkpoints.latest() == Checkpoint(2, checkpoints.path(2))


def test_they_hold_in_another_place(checkpoints: Checkpoints, tmp_path: Path):
    checkpoints.save(3, writes("a"))
    shutil.copytree(checkpoints.folder, tmp_path / "elsewhere")
    found = Checkpoints(tmp_path / "elsewhere", "settings, data").latest()
    assert found == Checkpoint(3, tmp_path / "elsewhere" / "checkpoint-3")


def test_those_of_another_run_are_refused(checkpoints: Checkpoints):
    checkpoints.save(1, writes("a"))
    with pytest.raises(BadInput) as refused:
        Checkpoints(checkpoints.folder, "other data").latest()
    assert refused.value.key == "train.other_run"


def test_a_full_disk_leaves_the_one_before(checkpoints: Checkpoints):
    checkpoints.save(1, writes("a"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # the system's own refusal, half-way through a file
    try:
        with pytest.raises(Unavailable) as failed:
            checkpoints.save(2, writes("b" * 900))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert failed.value.key == "train.not_saved"
    assert checkpoints.latest() == Checkpoint(1, checkpoints.path(1))
    assert not checkpoints.path(2).exists()


def test_time_is_over_after_the_hours_given():
    now = 5.0
    box, endless = TimeBox(11, lambda: now), TimeBox(None, lambda: now)
    now += 11 * 3600 - 1
    assert not box.is_over
    now += 1
    assert box.is_over
    assert not endless.is_over
