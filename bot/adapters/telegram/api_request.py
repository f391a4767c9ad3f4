"""The connections of every call of the Bot API but long polling."""

from __future__ import annotations

from typing import Any

from telegram.request import HTTPXRequest

from core.uncancelled import Uncancelled


class ApiRequest(HTTPXRequest):
    """Requests that go on when whoever waits for them is cancelled, so that no connection is lost to them.

    ``core.http_client.HttpClient`` says how one is lost; the library makes a client of its own.
    """

    def __init__(self, **options: Any) -> None:
        """Build it with the options of ``HTTPXRequest``."""
        super().__init__(**options)
        self._requests = Uncancelled()

    async def do_request(self, *arguments: Any, **options: Any) -> tuple[int, bytes]:
        """Send a request; see ``telegram.request.BaseRequest.do_request``."""
        return await self._requests.run(super().do_request(*arguments, **options))

    async def shutdown(self) -> None:
        """End the requests that nobody waits for, and close every connection."""
        await self._requests.close()
        await super().shutdown()
