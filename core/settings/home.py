"""The home folder in values that may be paths."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def with_home(value: Any) -> Any:
    """Replace a ``~`` at the beginning of a path, as a shell does; what is no text and no path is returned as it is."""
    return os.path.expanduser(value) if isinstance(value, str | Path) else value  # noqa: PTH111 (an id is no path)
