"""The one place where blocking work leaves the event loop.

Models, FAISS, tantivy, text extraction and file reading go through here and nowhere else, so that a slow answer
never delays another person's command or the platform's heartbeat.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


async def offload(work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run blocking ``work`` on a worker thread and return its result; its exceptions are raised here."""
    return await asyncio.to_thread(work, *args, **kwargs)
