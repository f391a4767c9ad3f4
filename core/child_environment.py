"""The environment of a child process: this one's without tokens, keys and passwords."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

_SECRET = re.compile(
    r"TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|(^|_)(KEYS?|DSN)(_|$)|DATABASE_URL|HEADERS$", re.IGNORECASE
)
"""What names of variables contain that hold a secret. One too many left out does no harm."""


_NEEDED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
"""What an interpreter may need to start and to find its libraries."""


def bare_child_environment(**added: str) -> Mapping[str, str]:
    """Return the environment for a child that is trusted with nothing: what it needs to start, and ``added``."""
    return {name: os.environ[name] for name in _NEEDED if name in os.environ} | added


def child_environment(**added: str) -> Mapping[str, str]:
    """Return the environment for a child process, with ``added`` variables."""
    return {name: value for name, value in os.environ.items() if not _SECRET.search(name)} | added
