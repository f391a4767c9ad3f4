"""The id of a data folder, by which it is known to the others on its database."""

from __future__ import annotations

import secrets
from pathlib import Path

from core.atomic_file import write_atomically

FILE = "instance.id"
_N_DIGITS = 32


def read_instance_id(data_dir: Path) -> str:
    """Return the id of a data folder that this process has locked, making it the first time. Blocks."""
    path = data_dir / FILE
    known = path.read_text(encoding="ascii", errors="replace").strip() if path.is_file() else ""
    if len(known) != _N_DIGITS:
        known = secrets.token_hex(_N_DIGITS // 2)
        write_atomically(path, known.encode())
    return known
