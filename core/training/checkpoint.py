"""Checkpoints of a run that may be killed at any moment and goes on elsewhere (specification 5.2).

A checkpoint is a folder ``checkpoint-N`` with a seal in it, written last: the SHA-256 of every file. What has no seal,
or one that does not hold, is none. That needs no rename, which S3 mounts do not have, and notices what a synchronised
folder (Drive, a Kaggle dataset) left out. Knows nothing of what the files mean, and imports no torch.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadInput, Unavailable

SEAL = "aion-checkpoint.json"

_NAME = re.compile(r"checkpoint-(\d+)")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A whole checkpoint: what a run had become after ``step`` updates of its weights."""

    step: int
    path: Path


class Checkpoints:
    """The checkpoints of one run in one folder, of which the last ``n_kept`` are kept.

    ``run`` names what must be the same for a run to go on: settings, data, base model. No path belongs in it.
    """

    def __init__(self, folder: Path, run: str, n_kept: int = 2) -> None:
        self.folder = folder
        self._run = run
        self._n_kept = n_kept

    def path(self, step: int) -> Path:
        """Return where the checkpoint of a step is, or would be."""
        return self.folder / f"checkpoint-{step}"

    def save(self, step: int, write: Callable[[Path], None]) -> None:
        """Have ``write`` fill an empty folder, seal it, and remove the checkpoints that are one too many.

        Raises ``Unavailable`` when it cannot be written (full disk, lost mount); those before it are untouched.
        """
        path = self.path(step)
        try:
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir(parents=True)
            write(path)
            self.seal(step)
        except OSError as error:
            shutil.rmtree(path, ignore_errors=True)
            raise Unavailable("train.not_saved", folder=self.folder, problem=error.strerror or error) from error

    def seal(self, step: int) -> None:
        """Make a checkpoint of what stands at ``path(step)``, and remove those that are one too many."""
        path = self.path(step)
        content = {"run": self._run, "files": _digests(path)}
        (path / SEAL).write_text(json.dumps(content, indent=1), encoding="utf-8")
        for _, old in _numbered(self.folder)[self._n_kept :]:
            shutil.rmtree(old, ignore_errors=True)

    def latest(self) -> Checkpoint | None:
        """Return the newest checkpoint that is whole; ``None`` when there is none to go on from.

        Raises ``BadInput`` when it is of another run: other settings, data or base model.
        """
        for step, path in _numbered(self.folder):
            run = _sealed_run(path)
            if run is None:
                continue
            if run != self._run:
                raise BadInput("train.other_run", folder=self.folder)
            return Checkpoint(step, path)
        return None


class TimeBox:
    """A run's time: free GPUs end a session without asking. ``None`` hours: no end."""

    def __init__(self, max_hours: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end_s = None if max_hours is None else clock() + 3600 * max_hours

    @property
    def is_over(self) -> bool:
        """Say whether it is time to save and leave."""
        return self._end_s is not None and self._clock() >= self._end_s


def _numbered(folder: Path) -> list[tuple[int, Path]]:
    """Return the folders that are named as checkpoints, the newest first."""
    named = [(match, path) for path in folder.glob("checkpoint-*") if (match := _NAME.fullmatch(path.name))]
    return sorted(((int(match[1]), path) for match, path in named), reverse=True)


def _sealed_run(path: Path) -> str | None:
    """Return the run that a whole checkpoint is of; ``None`` when it is not whole."""
    try:
        content = json.loads((path / SEAL).read_text(encoding="utf-8"))
        return str(content["run"]) if content["files"] == _digests(path) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _digests(path: Path) -> dict[str, str]:
    """Return the SHA-256 of every file but the seal, by its name within the checkpoint."""
    digests = {}
    for file in sorted(path.rglob("*")):
        if file.is_file() and file != path / SEAL:
            with file.open("rb") as opened:
                digests[file.relative_to(path).as_posix()] = hashlib.file_digest(opened, "sha256").hexdigest()
    return digests
