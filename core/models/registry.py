"""Registry of LoRA versions: immutable folders ``v1``, ``v2`` … and their stage.

A version is added as a candidate, may be on trial for a share of the answers, is promoted, and later retired. The
stages are in ``registry.json``, replaced atomically: any number of processes read it, one at a time writes it.
Versions are compared in ``core.training.version_test``; ``core.generation.local.lora_follower`` loads the answering
one.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from filelock import FileLock
from pydantic import Field, TypeAdapter, ValidationError

from core.atomic_file import write_atomically
from core.errors import BadInput, StorageCorrupt
from core.models.lora import MANIFEST, WEIGHTS, Base, LoraManifest, read_manifest, require_base
from core.models.lora_merge import FOLDER as MERGED

FILE = "registry.json"
CONFIG = "adapter_config.json"

N_PROMOTIONS = 100
"""Promotions and roll-backs that are kept, the latest."""

Stage = Literal["candidate", "trial", "promoted", "retired"]


@dataclass(frozen=True, slots=True)
class Trial:
    """A version that writes a ``share`` (0..1) of the answers until it has written ``n_answers``."""

    version: str
    share: Annotated[float, Field(gt=0, le=1)]
    n_answers: Annotated[int, Field(gt=0)]
    since: datetime


@dataclass(frozen=True, slots=True)
class RegistryState:
    """Contents of ``registry.json``. ``before``: versions promoted earlier, oldest first; ``None`` is the base model.

    ``weights``: SHA-256 of every version's weights when it was added. ``promotions``: what came to answer when.
    """

    promoted: str | None = None
    promoted_at: datetime | None = None
    trial: Trial | None = None
    before: tuple[str | None, ...] = ()
    retired: tuple[str, ...] = ()
    weights: Mapping[str, str] = field(default_factory=dict)
    promotions: tuple[tuple[datetime, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """A registered version with its manifest and stage."""

    name: str
    folder: Path
    manifest: LoraManifest
    stage: Stage


class LoraRegistry:
    """The versions of one data folder. Methods block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def state(self) -> RegistryState:
        """Return the present state. Raises ``StorageCorrupt`` when the file cannot be read."""
        try:
            return TypeAdapter(RegistryState).validate_json((self.folder / FILE).read_bytes())
        except FileNotFoundError:
            return RegistryState()
        except ValidationError as error:
            raise StorageCorrupt(f"{self.folder / FILE} cannot be read; restore it from a backup") from error

    def stamp(self) -> int:
        """Return what changes whenever the state does; costs one look at a file."""
        try:
            status = (self.folder / FILE).stat()
        except FileNotFoundError:
            return 0
        return hash((status.st_mtime_ns, status.st_ino))

    def versions(self) -> tuple[Version, ...]:
        """Return every version, oldest first."""
        state = self.state()
        return tuple(self._version(name, state) for name in sorted(state.weights, key=_number))

    def get(self, name: str) -> Version:
        """Return a version. Raises ``BadInput`` when there is none of that name."""
        state = self.state()
        if name not in state.weights:
            known = ", ".join(sorted(state.weights, key=_number)) or "-"
            raise BadInput("lora.unknown", version=name, versions=known)
        return self._version(name, state)

    def add(self, source: Path) -> Version:
        """Copy a folder of LoRA weights as the next candidate; return the existing version when its weights are known.

        Raises ``BadInput`` when the folder holds no LoRA weights with a manifest.
        """
        read_manifest(source)
        if not (source / WEIGHTS).is_file() or not (source / CONFIG).is_file():
            raise BadInput("models.lora_unreadable", folder=source)
        digest = _sha256(source / WEIGHTS)
        with self._writing() as state:
            known = next((name for name, theirs in state.weights.items() if theirs == digest), None)
            if known is None:
                known = f"v{1 + max(map(_number, state.weights), default=0)}"
                self._copy(source, known)
                self._write(replace(state, weights={**state.weights, known: digest}))
        return self.get(known)

    def promote(self, name: str, base: Base) -> bool:
        """Make a version write every answer, and retire the one before; return whether another wrote them until now.

        Raises ``BadInput`` when there is no such version, it was trained on another base, or its weights changed.
        """
        self._require_sound(self.get(name), base)

        def change(state: RegistryState) -> RegistryState:
            if state.promoted == name:
                return replace(state, trial=None)
            was = (state.promoted,) if state.promoted else ()
            return replace(
                _promoted(state, name),
                trial=None,
                before=(*state.before, state.promoted),
                retired=tuple(each for each in (*state.retired, *was) if each != name),
            )

        before, _ = self._change(change)
        return before.promoted != name

    def start_trial(self, name: str, base: Base, share: float, n_answers: int) -> Version:
        """Make a version write ``share`` (0..1) of the answers. Raises as ``promote`` does."""
        self._require_sound(self.get(name), base)
        trial = Trial(name, share, n_answers, datetime.now(UTC))
        self._change(lambda state: replace(state, trial=trial))
        return self.get(name)

    def rollback(self) -> str | None:
        """End the trial, or else restore the version promoted before; return the promoted one (``None``: the base).

        Raises ``BadInput`` when nothing is on trial or promoted.
        """

        def change(state: RegistryState) -> RegistryState:
            if state.trial:
                return replace(state, trial=None, retired=_joined(state.retired, state.trial.version))
            if state.promoted is None:
                raise BadInput("lora.nothing_promoted")
            before = state.before[-1] if state.before else None
            retired = tuple(each for each in _joined(state.retired, state.promoted) if each != before)
            return replace(
                _promoted(state, before),
                before=state.before[:-1],
                retired=retired,
            )

        return self._change(change)[1].promoted

    def _change(self, change: Callable[[RegistryState], RegistryState]) -> tuple[RegistryState, RegistryState]:
        """Change the state; return it as it was and as it is."""
        with self._writing() as state:
            changed = change(state)
            self._write(changed)
            self._tidy(changed)
        return state, changed

    def _tidy(self, state: RegistryState) -> None:
        """Remove merged models, each as large as the base, but for promoted, trial and previously promoted versions."""
        last = state.before[-1] if state.before else None
        kept = {state.promoted, state.trial.version if state.trial else None, last}
        for name in state.weights.keys() - kept:
            shutil.rmtree(self.folder / name / MERGED, ignore_errors=True)

    @contextmanager
    def _writing(self) -> Iterator[RegistryState]:
        """Hold the registry's lock in the block, and yield the present state."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / ".lock"):
            yield self.state()

    def _write(self, state: RegistryState) -> None:
        write_atomically(self.folder / FILE, TypeAdapter(RegistryState).dump_json(state, indent=1))

    def _copy(self, source: Path, name: str) -> None:
        """Copy a version's files atomically, and make them read-only."""
        partial = self.folder / f".{name}.partial"
        for left_over in (partial, self.folder / name):
            shutil.rmtree(left_over, ignore_errors=True)
        partial.mkdir()
        for part in (CONFIG, WEIGHTS, MANIFEST):
            shutil.copyfile(source / part, partial / part)
            (partial / part).chmod(0o444)
        partial.rename(self.folder / name)

    def _version(self, name: str, state: RegistryState) -> Version:
        folder = self.folder / name
        return Version(name, folder, read_manifest(folder), _stage(name, state))

    def _require_sound(self, version: Version, base: Base) -> None:
        require_base(version.manifest, base)
        if _sha256(version.folder / WEIGHTS) != self.state().weights[version.name]:
            raise BadInput("lora.changed", version=version.name, folder=version.folder)


def differences(one: LoraManifest, other: LoraManifest) -> Mapping[str, tuple[object, object]]:
    """Return the fields in which two manifests differ, with both values; settings and metrics are compared singly."""
    flat = [_flat(manifest) for manifest in (one, other)]
    names = sorted({*flat[0], *flat[1]})
    return {name: (flat[0].get(name), flat[1].get(name)) for name in names if flat[0].get(name) != flat[1].get(name)}


def _flat(manifest: LoraManifest) -> Mapping[str, object]:
    plain = TypeAdapter(LoraManifest).dump_python(manifest, mode="json")
    nested = {f"{part}.{name}": value for part in ("settings", "metrics") for name, value in plain.pop(part).items()}
    return {**plain, **nested}


def _promoted(state: RegistryState, name: str | None) -> RegistryState:
    """Return a state in which a version (``None``: the base model) answers from now on."""
    now = datetime.now(UTC)
    promotions = (*state.promotions, (now, name))[-N_PROMOTIONS:]
    return replace(state, promoted=name, promoted_at=now, promotions=promotions)


def _stage(name: str, state: RegistryState) -> Stage:
    if name == state.promoted:
        return "promoted"
    if state.trial and name == state.trial.version:
        return "trial"
    return "retired" if name in state.retired else "candidate"


def _joined(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return names if name in names else (*names, name)


def _number(name: str) -> int:
    return int(name.removeprefix("v"))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
