"""The two descriptions inside an archive: the header, its first member, and the manifest of checksums, its last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from core.errors import BadInput

FORMAT = 1
"""Version of the archive's layout. An archive of a higher one is refused, since what it holds is unknown."""

HEADER, MANIFEST = "aion-backup.json", "manifest.json"
"""Names of the two members."""

MAX_BYTES = 4_000_000
"""The largest description that is read: a manifest of some 30,000 files."""


@dataclass(frozen=True, slots=True)
class BackupHeader:
    """What an archive is.

    ``database``: ``sqlite`` or ``postgresql``; ``revision``: of its schema; ``n_bytes``: of all other members.
    """

    format: int
    version: str
    database: str
    revision: str
    made_at: datetime
    n_bytes: int


@dataclass(frozen=True, slots=True)
class FileChecksum:
    """Size in bytes and SHA-256 in hexadecimal of one member."""

    n_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BackupManifest:
    """The checksum of every member before the manifest, by name; its presence says that nothing is missing."""

    files: Mapping[str, FileChecksum]


Description = TypeVar("Description", BackupHeader, BackupManifest)


def write_description(description: BackupHeader | BackupManifest) -> bytes:
    """Return a description as JSON."""
    return TypeAdapter(type(description)).dump_json(description, indent=1)


def read_description(kind: type[Description], data: bytes) -> Description:
    """Return the description in ``data``. Raises ``BadInput`` when it is none; unknown fields are ignored."""
    try:
        return TypeAdapter(kind).validate_json(data)
    except ValidationError:
        raise BadInput("backup.damaged", problem=kind.__name__) from None
