"""Where the control socket of a data folder is, and how it is named to the system."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE = "aion.sock"

MAX_BYTES = 100
"""Longest path a Unix socket may have everywhere (104 on macOS, 108 on Linux, with the zero at the end)."""


@contextmanager
def socket_address(data_dir: Path) -> Iterator[str | None]:
    """Yield the path by which to bind or connect to a data folder's socket; ``None`` where there is no way.

    A longer path is given through a descriptor of the folder, on Linux.
    """
    path = str((data_dir / FILE).absolute())
    if len(os.fsencode(path)) <= MAX_BYTES:
        yield path
        return
    if not Path("/proc/self/fd").is_dir():
        yield None
        return
    descriptor = os.open(data_dir, os.O_RDONLY)
    try:
        yield f"/proc/self/fd/{descriptor}/{FILE}"
    finally:
        os.close(descriptor)
