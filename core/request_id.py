"""The id of the request at hand: one for each message, carried by every line logged about it, also on a worker.

It is kept in a context variable, which tasks and worker threads inherit, and sent to workers as ``X-Request-ID``.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

HEADER = "X-Request-ID"

_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_CURRENT: ContextVar[str] = ContextVar("aion_request", default="")


def current_request() -> str:
    """Return the id of the request at hand; empty outside of one."""
    return _CURRENT.get()


@contextmanager
def request(given: str = "") -> Iterator[str]:
    """Let what the block does belong to a request: the one ``given``, where that can be an id, else a new one."""
    token = _CURRENT.set(given if _ID.fullmatch(given) else secrets.token_hex(6))
    try:
        yield _CURRENT.get()
    finally:
        _CURRENT.reset(token)
