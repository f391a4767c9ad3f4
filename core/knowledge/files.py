"""Files to be indexed: found in folders, given portable names, read up to a size limit. Blocks.

In folders, source code, pictures, files of other kinds and what an ``.aionignore`` names are left out; a file that is
named itself is never.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Literal

from core.errors import BadInput
from core.knowledge.extract import SUFFIXES, kind_of
from core.knowledge.ignore_rules import NAME, IgnoreRules

LeftOutReason = Literal["code", "kind", "ignored"]

_BUILD_SETTINGS = re.compile(
    r"(?:package|composer|bower|tsconfig[\w.-]*|jsconfig|angular|lerna|nx|renovate|turbo|deno|vercel|manifest)\.jsonc?"
    r"|(?:pyproject|cargo|poetry|pipfile|netlify|wrangler)\.toml|(?:requirements|constraints)[\w.-]*\.txt|cmakelists\.txt"
    r"|(?:mkdocs|_config|docker-compose[\w.-]*|compose[\w.-]*|codecov|appveyor|azure-pipelines|pubspec|readthedocs)\.ya?ml"
    r"|[\w.-]*\.(?:schema|config|lock)\.(?:json|ya?ml)",
    re.IGNORECASE,
)
"""Settings of build tools, which count as source code."""

_MAX_IGNORE_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class FileSelection:
    """What is read of a folder: source code only ``with_code``, what is outside it only where ``links_may_leave``.

    ``shown_as`` stands for the folder in the names of its files.
    """

    with_code: bool = False
    links_may_leave: bool = False
    shown_as: str = ""


DOCUMENTS = FileSelection()
"""Documents alone, within the folder."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to index. ``name`` is its normalised path, relative where it was given so, with forward slashes.

    ``is_refused``: a link, to a file or a folder, that leads out of the folder it was found in. ``left_out``: why a
    file or a folder is not to be read.
    """

    path: Path
    name: str
    is_refused: bool = False
    left_out: LeftOutReason | None = None

    @property
    def suffix(self) -> str:
        """Return the suffix in lower case; the whole name where it has none."""
        return self.path.suffix.lower() or self.path.name


def find_files(paths: Sequence[Path], selection: FileSelection = DOCUMENTS) -> list[FoundFile]:
    """Return the files at ``paths`` and in the folders among them, each once, sorted by name within a folder.

    Hidden files and folders within a folder are skipped. Links are followed within the folder, and out of it only
    where the selection says so; each folder is walked once. A missing path is returned too;
    ``read_file`` raises for it.
    """
    found: dict[str, FoundFile] = {}
    for path in paths:
        for file in _FolderWalk(path, selection).files() if path.is_dir() else [FoundFile(path, _name(path))]:
            found.setdefault(file.name, file)
    return list(found.values())


def read_file(file: FoundFile, max_bytes: int) -> bytes:
    """Return a file's bytes.

    Raises ``BadInput`` when it is missing, refused, unreadable, or larger than ``max_bytes``.
    """
    if file.is_refused:
        raise BadInput("knowledge.link_outside", name=file.name)
    try:
        status = file.path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise BadInput("knowledge.unsupported", name=file.name)
        require_size(file.name, status.st_size, max_bytes)
        with file.path.open("rb") as stream:
            data = stream.read(max_bytes + 1)
    except FileNotFoundError:
        raise BadInput("file.missing", name=file.name) from None
    except OSError as error:
        raise BadInput("knowledge.unreadable", name=file.name, problem=error.strerror) from error
    require_size(file.name, len(data), max_bytes)
    return data


def require_size(name: str, size_bytes: int, max_bytes: int) -> None:
    """Raise ``BadInput`` when a file is larger than the limit."""
    if size_bytes > max_bytes:
        raise BadInput("knowledge.too_large", name=name, size_mb=size_bytes / 1e6, limit_mb=max_bytes / 1e6)


def _name(path: Path) -> str:
    return PurePath(os.path.normpath(path)).as_posix()


class _FolderWalk:
    def __init__(self, folder: Path, selection: FileSelection) -> None:
        self._folder = folder
        self._selection = selection
        self._root = None if selection.links_may_leave else folder.resolve()

    def files(self) -> Iterator[FoundFile]:
        """Yield the files; folders that are left out, and links that leave the folder, are yielded and not entered."""
        seen: set[tuple[int, int]] = set()
        rules: dict[tuple[str, ...], IgnoreRules] = {(): IgnoreRules.usual()}
        for parent, folders, files in os.walk(self._folder, followlinks=True):
            here = Path(parent)
            status = here.stat()
            if (status.st_dev, status.st_ino) in seen:
                folders.clear()
                continue
            seen.add((status.st_dev, status.st_ino))
            parts = here.relative_to(self._folder).parts
            those = rules[parts] = _rules_of(here, parts, rules[parts])
            shown = [here / name for name in sorted(folders) if not name.startswith(".")]
            kept = [path for path in shown if not (self._leaves(path) or those.leave_out((*parts, path.name), True))]
            folders[:] = [path.name for path in kept]
            rules.update({(*parts, path.name): those for path in kept})
            yield from (self._found(path, those, parts, True) for path in shown if path not in kept)
            yield from (
                self._found(here / name, those, parts, False) for name in sorted(files) if not name.startswith(".")
            )

    def _found(self, path: Path, rules: IgnoreRules, parts: tuple[str, ...], is_folder: bool) -> FoundFile:
        left_out: LeftOutReason | None = None
        if rules.leave_out((*parts, path.name), is_folder):
            left_out = "ignored"
        elif not is_folder:
            left_out = self._left_out(path.name)
        inside, shown_as = PurePath(*parts, path.name).as_posix(), self._selection.shown_as
        name = f"{shown_as}/{inside}" if shown_as else _name(path)
        return FoundFile(path, name, left_out is None and self._leaves(path), left_out)

    def _left_out(self, name: str) -> LeftOutReason | None:
        if not self._selection.with_code and (
            SUFFIXES.get(PurePath(name).suffix.lower()) == "code" or _BUILD_SETTINGS.fullmatch(name)
        ):
            return "code"
        try:
            kind = kind_of(name)
        except BadInput:
            return "kind"
        return "kind" if kind == "picture" else None

    def _leaves(self, path: Path) -> bool:
        """Return whether ``path`` is a link that leads out of the folder."""
        root = self._root
        return root is not None and path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root)


def _rules_of(folder: Path, parts: tuple[str, ...], above: IgnoreRules) -> IgnoreRules:
    """Return the rules that count in a folder: those above, and those of its own ``.aionignore``."""
    try:
        with (folder / NAME).open("rb") as stream:
            text = stream.read(_MAX_IGNORE_BYTES).decode("utf-8", "replace")
    except OSError:
        return above
    return above.and_those_of(text, parts)
