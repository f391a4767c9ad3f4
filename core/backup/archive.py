"""The archive of a backup: a stream of tar (POSIX pax) in zstandard; header first, then files, their checksums last.

Reading checks every byte: a torn archive ends before its manifest, and one that was changed has another checksum.
Checksums protect from damage, not from somebody who makes an archive on purpose: names that lead out of the folder,
links and devices are refused all the same.
"""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from core.backup.manifest import (
    FORMAT,
    HEADER,
    MANIFEST,
    MAX_BYTES,
    BackupHeader,
    BackupManifest,
    FileChecksum,
    read_description,
    write_description,
)
from core.backup.zstandard import CompressionParameter, DecompressionParameter, ZstdError, ZstdFile
from core.errors import BadInput, Unavailable

CHUNK = 1 << 20
"""Bytes that are read and written at a time."""

LEVEL = 3
"""Zstandard's level: vectors hardly compress, and texts at level 3 nearly as well as at 10, six times as fast."""

MAX_WINDOW_LOG = 27
"""Largest window an archive may ask memory for, as a power of two in bytes: 128 MB."""

MAX_FILES = 20_000
"""More members than this are no backup of AION's."""

_MAGIC = b"\x28\xb5\x2f\xfd"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*){0,5}")
"""Names of members: relative, with forward slashes, no part of which begins with a dot."""

Advance = Callable[[int], None]
"""Is told how many bytes were done since the last call."""


class ArchiveWriter:
    """Writes the files of one archive, and the manifest at its end."""

    def __init__(self, tar: tarfile.TarFile, advance: Advance) -> None:
        self._tar = tar
        self._advance = advance
        self._files: dict[str, FileChecksum] = {}

    def add_bytes(self, name: str, data: bytes) -> None:
        """Add a member that holds ``data``."""
        self._add(name, len(data), io.BytesIO(data))

    def add_file(self, name: str, path: Path) -> None:
        """Add a file's first bytes, as many as it has now. Raises ``OSError`` when it cannot be read."""
        with path.open("rb") as file:
            self._add(name, path.stat().st_size, file)

    def finish(self) -> None:
        """Write the manifest, without which an archive counts as torn."""
        self.add_bytes(MANIFEST, write_description(BackupManifest(self._files)))

    def _add(self, name: str, n_bytes: int, source: BinaryIO) -> None:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a member")
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = n_bytes, 0o600
        read = _HashedReader(source, self._advance)
        self._tar.addfile(entry, read)
        self._files[name] = FileChecksum(n_bytes, read.digest())


@contextmanager
def write_archive(target: BinaryIO, header: BackupHeader, advance: Advance = lambda n: None) -> Iterator[ArchiveWriter]:
    """Yield the writer of an archive on ``target``, which is left open; the manifest ends it. Blocks."""
    options: dict[int, int] = {CompressionParameter.compression_level: LEVEL, CompressionParameter.checksum_flag: 1}
    with (
        ZstdFile(target, "wb", options=options) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT, bufsize=CHUNK) as tar,
    ):
        writer = ArchiveWriter(tar, advance)
        writer.add_bytes(HEADER, write_description(header))
        yield writer
        writer.finish()


def extract_archive(source: BinaryIO, folder: Path, started: Callable[[BackupHeader], Advance]) -> BackupHeader:
    """Write an archive's files into ``folder`` and return its header, once every checksum is found right. Blocks.

    ``started`` is given the header before anything is written, and may refuse it; it returns what is told of progress.
    Raises ``BadInput`` when it is no archive, torn or changed, ``Unavailable`` when it is of a newer AION or the disk
    is full. What was written then stays.
    """
    window: dict[int, int] = {DecompressionParameter.window_log_max: MAX_WINDOW_LOG}
    try:
        with ZstdFile(source, "rb", options=window) as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
            header = _read_header(tar)
            found, manifest = _extract_files(tar, folder, started(header))
            while packed.read(CHUNK):  # the checksum of the stream stands at its end
                pass
    except (tarfile.TarError, ZstdError, EOFError) as error:
        raise BadInput("backup.damaged", problem=str(error) or "EOF") from error
    except OSError as error:
        raise Unavailable("storage.unusable", folder=folder, problem=error.strerror or error) from error
    _compare(found, manifest)
    return header


def is_archive(first_bytes: bytes) -> bool:
    """Return whether a file that begins so is zstandard's."""
    return first_bytes.startswith(_MAGIC)


def _read_header(tar: tarfile.TarFile) -> BackupHeader:
    member = tar.next()
    if member is None or member.name != HEADER:
        raise BadInput("backup.foreign")
    header = read_description(BackupHeader, _small(tar, member))
    if header.format > FORMAT:
        raise Unavailable("backup.newer", version=header.version)
    return header


def _extract_files(
    tar: tarfile.TarFile, folder: Path, advance: Advance
) -> tuple[dict[str, FileChecksum], BackupManifest | None]:
    found: dict[str, FileChecksum] = {}
    for member in tar:
        if member.name == MANIFEST:
            return found, read_description(BackupManifest, _small(tar, member))
        if member.name == HEADER and not found:  # iterating begins with the member read already
            continue
        if not member.isreg() or not _NAME.fullmatch(member.name) or member.name in found or len(found) >= MAX_FILES:
            raise BadInput("backup.damaged", problem=member.name[:80])
        found[member.name] = _extract(tar, member, folder / member.name, advance)
    return found, None


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path, advance: Advance) -> FileChecksum:
    path.parent.mkdir(parents=True, exist_ok=True)
    if member.size > shutil.disk_usage(path.parent).free:
        raise Unavailable("backup.no_room", folder=path.parent, mb=member.size / 1e6)
    data = tar.extractfile(member)
    assert data is not None, "only regular files get here"
    read = _HashedReader(data, advance)
    with path.open("xb") as file:
        shutil.copyfileobj(read, file, CHUNK)
    return FileChecksum(path.stat().st_size, read.digest())


def _small(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    data = tar.extractfile(member)
    if data is None or member.size > MAX_BYTES:
        raise BadInput("backup.damaged", problem=member.name[:80])
    return data.read()


def _compare(found: dict[str, FileChecksum], manifest: BackupManifest | None) -> None:
    if manifest is None:
        raise BadInput("backup.damaged", problem=MANIFEST)
    expected = {name: checksum for name, checksum in manifest.files.items() if name != HEADER}
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise BadInput("backup.damaged", problem=name[:80])


class _HashedReader:
    """Reads from ``source``, hashing what it reads (SHA-256)."""

    def __init__(self, source: IO[bytes], advance: Advance) -> None:
        self._source = source
        self._advance = advance
        self._hash = hashlib.sha256()

    def read(self, n_bytes: int = -1) -> bytes:
        """Read as ``source`` does."""
        data = self._source.read(n_bytes)
        self._hash.update(data)
        self._advance(len(data))
        return data

    def digest(self) -> str:
        """Return the hash of what was read so far."""
        return self._hash.hexdigest()
