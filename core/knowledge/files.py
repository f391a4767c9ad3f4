"""Files to be indexed: found in folders, given portable names, read up to a size limit. Blocks."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from core.errors import BadInput


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to index. ``name`` is its normalised path, relative where it was given so, with forward slashes.

    ``is_refused``: a link, to a file or a folder, that leads out of the folder it was found in.
    """

    path: Path
    name: str
    is_refused: bool = False


def find_files(paths: Sequence[Path], *, links_may_leave: bool = False) -> list[FoundFile]:
    """Return the files at ``paths`` and in the folders among them, each once, sorted by name within a folder.

    Hidden files and folders within a folder are skipped. Links are followed within the folder, and out of it only
    where ``links_may_leave``; each folder is walked once. A missing path is returned too; ``read_file`` raises for it.
    """
    found: dict[str, FoundFile] = {}
    for path in paths:
        root = None if links_may_leave or not path.is_dir() else path.resolve()
        for file in _walk(path, root) if path.is_dir() else [path]:
            name = PurePath(os.path.normpath(file)).as_posix()
            found.setdefault(name, FoundFile(file, name, _leaves(file, root)))
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


def _leaves(path: Path, root: Path | None) -> bool:
    """Return whether ``path`` is a link that leads out of ``root``."""
    return root is not None and path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root)


def _walk(folder: Path, root: Path | None) -> Iterator[Path]:
    """Yield the files in a folder; a folder's link that leaves ``root`` is yielded, and not entered."""
    seen: set[tuple[int, int]] = set()
    for parent, folders, files in os.walk(folder, followlinks=True):
        status = Path(parent).stat()
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        shown = sorted(name for name in folders if not name.startswith("."))
        folders[:] = [name for name in shown if not _leaves(Path(parent, name), root)]
        yield from (Path(parent, name) for name in shown if name not in folders)
        yield from (Path(parent, name) for name in sorted(files) if not name.startswith("."))
