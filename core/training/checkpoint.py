"""Checkpoints of a training run that may be killed at any moment and resumed elsewhere (specification 5.2).

A checkpoint is a folder ``checkpoint-N`` with a seal, a JSON file written last with the SHA-256 of every other file.
A folder without a seal, or whose files differ from it, is ignored. This needs no rename, which S3 mounts lack, and
detects files that a synchronised folder (Drive, a Kaggle dataset) lost. Imports no torch.
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
    """An intact checkpoint, written after ``step`` updates of the weights."""

    step: int
    path: Path


class Checkpoints:
    """The checkpoints of one run in one folder; the newest ``n_kept`` are kept.

    ``run`` is a fingerprint of what must be the same to resume: settings, data, base model; it must hold no path.
    """

    def __init__(self, folder: Path, run: str, n_kept: int = 2) -> None:
        self.folder = folder
        self._run = run
        self._n_kept = n_kept

    def path(self, step: int) -> Path:
        """Return the folder of a step's checkpoint, whether it exists or not."""
        return self.folder / f"checkpoint-{step}"

    def save(self, step: int, write: Callable[[Path], None]) -> None:
        """Call ``write`` with an empty folder, seal it, and remove all but the newest ``n_kept`` checkpoints.

        Raises ``Unavailable`` when it cannot be written (full disk, lost mount); earlier checkpoints stay.
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
        """Seal the files in ``path(step)``, and keep the newest ``n_kept`` checkpoints alone. Raises ``OSError``."""
        path = self.path(step)
        content = {"run": self._run, "files": _digests(path)}
        (path / SEAL).write_text(json.dumps(content, indent=1), encoding="utf-8")
        for _, old in _numbered(self.folder)[self._n_kept :]:
            shutil.rmtree(old, ignore_errors=True)

    def latest(self) -> Checkpoint | None:
        """Return the newest intact checkpoint; ``None`` when there is none.

        Raises ``BadInput`` when it belongs to another run: other settings, data or base model.
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
    """Time limit of a run, since free GPUs end sessions unasked. ``max_hours`` of ``None``: unlimited."""

    def __init__(self, max_hours: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end_s = None if max_hours is None else clock() + 3600 * max_hours

    @property
    def is_over(self) -> bool:
        """Tell whether the time is used up."""
        return self._end_s is not None and self._clock() >= self._end_s


def _numbered(folder: Path) -> list[tuple[int, Path]]:
    """Return the steps and folders of all checkpoints, newest first."""
    named = [(match, path) for path in folder.glob("checkpoint-*") if (match := _NAME.fullmatch(path.name))]
    return sorted(((int(match[1]), path) for match, path in named), reverse=True)


def _sealed_run(path: Path) -> str | None:
    """Return the run fingerprint of a checkpoint; ``None`` when it is not intact."""
    try:
        content = json.loads((path / SEAL).read_text(encoding="utf-8"))
        return str(content["run"]) if content["files"] == _digests(path) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _digests(path: Path) -> dict[str, str]:
    """Return the SHA-256 of every file but the seal, by path relative to the checkpoint."""
    digests = {}
    for file in sorted(path.rglob("*")):
        if file.is_file() and file != path / SEAL:
            with file.open("rb") as opened:
                digests[file.relative_to(path).as_posix()] = hashlib.file_digest(opened, "sha256").hexdigest()
    return digests
