"""The HTTP client of what is asked often and may be cancelled."""

from __future__ import annotations

from contextlib import suppress
from types import TracebackType
from typing import Any

import httpx

from core.uncancelled import Uncancelled


class HttpClient(httpx.AsyncClient):
    """An ``httpx.AsyncClient`` that loses no connection to a cancelled request.

    A request that is cancelled while a connection is made or given to it keeps that connection out of httpcore's pool
    for good (encode/httpcore#1093); once all are lost, every request waits in vain. Here it goes on until the
    headers of its response are there, and is then closed.
    """

    def __init__(self, **options: Any) -> None:
        """Build a client with the options of ``httpx.AsyncClient``."""
        super().__init__(**options)
        self._requests = Uncancelled()

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send a request; see ``httpx.AsyncClient.send``."""
        return await self._requests.run(super().send(request, **options), _close)

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """End the requests that nobody waits for, and close every connection."""
        await self._requests.close()
        await super().__aexit__(exc_type, exc_value, traceback)


async def _close(response: httpx.Response) -> None:
    with suppress(httpx.HTTPError):
        await response.aclose()
