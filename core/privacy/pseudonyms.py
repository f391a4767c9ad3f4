"""Pseudonyms, stored in place of the ids of people.

A pseudonym is a keyed hash. Without the key, which never leaves the data folder, it cannot be turned back by trying
every id there is; with it, one person's answers and ratings can still be found, exported and forgotten.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import StorageCorrupt

FILE = "person.key"
KEY_BYTES = 32
HASH_BYTES = 16


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Makes pseudonyms of ids. ``key`` is ``KEY_BYTES`` long."""

    key: bytes = field(repr=False)

    @classmethod
    def open(cls, data_dir: Path) -> Pseudonyms:
        """Read the data folder's key, making it the first time. Blocks.

        Raises ``StorageCorrupt`` when the file holds no key: a new one would cut every stored rating from its person.
        """
        path = data_dir / FILE
        if not path.exists():
            _make_key(path)
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            raise StorageCorrupt(
                f"{path} holds {len(key)} bytes, not the {KEY_BYTES} of a key; restore it from a backup"
            )
        return cls(key)

    def of(self, person_id: str) -> str:
        """Return the pseudonym of a platform's id (``discord:42``): BLAKE2b keyed (RFC 7693), 32 hex digits."""
        return hashlib.blake2b(person_id.encode(), key=self.key, digest_size=HASH_BYTES).hexdigest()


def _make_key(path: Path) -> None:
    """Write a new key so that it is there whole or not at all, and only its owner can read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass  # another process was first, and its key counts
    finally:
        draft.unlink()
