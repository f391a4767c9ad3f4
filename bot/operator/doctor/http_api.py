"""GET requests to a platform's HTTP API, with waits on 429, the clock skew of its ``Date`` header, and odd replies."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx

from bot.platform_errors import UNREADABLE
from core.errors import Unavailable

TIMEOUT_S = 15.0
_N_ATTEMPTS = 3
_MAX_WAIT_S = 10.0


@contextmanager
def reading(platform: str) -> Iterator[None]:
    """Raise ``Unavailable`` in place of the error of a reply in which something is missing, or of the wrong type."""
    try:
        yield
    except UNREADABLE as error:
        raise Unavailable("doctor.odd_reply", platform=platform, problem=type(error).__name__) from error


class HttpApi:
    """One API. ``unreachable`` is the key of the sentence for a failed request; its gap is ``problem``."""

    def __init__(self, client: httpx.AsyncClient, base: str, headers: Mapping[str, str], unreachable: str) -> None:
        self._client = client
        self._base = base.rstrip("/")
        self._headers = headers
        self._unreachable = unreachable
        self.skew_s: float | None = None
        """Seconds this machine's clock is ahead of the API's, by the last response; ``None`` before the first."""

    async def get(self, path: str, **parameters: str | int) -> tuple[int, Any]:
        """Return the status and the decoded JSON of a response, ``None`` where it is no JSON.

        After a 429 it waits and asks again, three times in all. Raises ``Unavailable`` when there is no response; its
        sentence leaves out the address, which may contain a token.
        """
        for _ in range(_N_ATTEMPTS):
            response = await self._request(path, parameters)
            if response.status_code != HTTPStatus.TOO_MANY_REQUESTS:
                break
            await asyncio.sleep(_wait_s(response))
        self._measure_skew(response)
        try:
            return response.status_code, response.json()
        except (ValueError, RecursionError):
            return response.status_code, None

    async def _request(self, path: str, parameters: Mapping[str, str | int]) -> httpx.Response:
        timeout_s = TIMEOUT_S + float(parameters.get("timeout", 0))
        try:
            return await self._client.get(
                self._base + path, params=dict(parameters), headers=self._headers, timeout=timeout_s
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(self._unreachable, problem=type(error).__name__) from None

    def _measure_skew(self, response: httpx.Response) -> None:
        try:
            self.skew_s = time.time() - parsedate_to_datetime(response.headers["date"]).timestamp()
        except (KeyError, ValueError):
            return


def _wait_s(response: httpx.Response) -> float:
    try:
        return min(float(response.headers.get("retry-after", "1")), _MAX_WAIT_S)
    except ValueError:
        return 1.0
