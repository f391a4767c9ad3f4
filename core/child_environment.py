"""The environment of a child process: this one's without tokens, keys and passwords."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

_SECRET = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|(^|_)(KEYS?|DSN)(_|$)|DATABASE_URL", re.IGNORECASE)
"""What names of variables contain that hold a secret. One too many left out does no harm."""


def child_environment(**added: str) -> Mapping[str, str]:
    """Return the environment for a child process, with ``added`` variables."""
    return {name: value for name, value in os.environ.items() if not _SECRET.search(name)} | added
