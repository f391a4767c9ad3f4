"""What of a data folder belongs into a backup, beside its database: everything that cannot be made again.

Indexes, converted models, merged LoRA weights and logs can, and are left out; so are exports for training, which
``/forget_me`` rewrites. Everything here is immutable or replaced atomically, and what points at versions is read before
the versions are listed: none that it names is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from core.models.registry import FILE as REGISTRY
from core.privacy.pseudonyms import FILE as PERSON_KEY
from core.settings import Settings

SETTINGS = "settings.env"
"""Member with the settings that were in force; for whoever restores to compare, AION does not read it."""

POINTERS = (PERSON_KEY, "gate/in_use", f"loras/{REGISTRY}", "training/runs.jsonl")
"""Small files, read at once and first. ``runs.jsonl`` grows by whole lines."""

_VERSIONS = ("gate/v*.json", "rewards/v*.json", "loras/v*/*.json", "loras/v*/*.safetensors")

RESTORED = (PERSON_KEY, "gate", "rewards", "loras", "training", SETTINGS)
"""What a restore puts into a data folder, before the database."""

_USER_INFO = re.compile(r"//[^/@\s]+@")


@dataclass(frozen=True, slots=True)
class FolderContents:
    """The files of one moment: ``pointers`` by member name, then the immutable ``versions``."""

    pointers: dict[str, bytes]
    versions: dict[str, Path]

    def n_bytes(self) -> int:
        """Return the size of all files."""
        return sum(map(len, self.pointers.values())) + sum(path.stat().st_size for path in self.versions.values())


def read_contents(data_dir: Path) -> FolderContents:
    """Return what belongs into a backup of a data folder, without the database. Blocks. Raises ``OSError``."""
    pointers = {name: (data_dir / name).read_bytes() for name in POINTERS if (data_dir / name).is_file()}
    files = (path for pattern in _VERSIONS for path in sorted(data_dir.glob(pattern)))
    found = {path.relative_to(data_dir).as_posix(): path for path in files if path.is_file() and not path.is_symlink()}
    return FolderContents(pointers, {name: path for name, path in found.items() if name not in pointers})


def public_settings(settings: Settings) -> bytes:
    """Return the settings that differ from their defaults as lines ``NAME=value``: no secret, no password in a URL."""
    return "".join(f"{name}={value}\n" for name, value in sorted(_public(settings))).encode()


def _public(settings: Settings) -> Iterator[tuple[str, str]]:
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if value != field.default and not isinstance(value, SecretStr):
            yield str(field.alias), _USER_INFO.sub("//", str(value)).replace("\n", " ")
