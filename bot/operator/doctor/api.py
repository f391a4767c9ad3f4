"""Asking a platform's HTTP API a few questions with a token, as a person setting AION up would."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx

from core.errors import Unavailable

TIMEOUT_S = 15.0
_N_ATTEMPTS = 3
_LONGEST_BAN_S = 10.0


class Api:
    """One API. ``unreachable`` is the key of the sentence for when it cannot be reached; its gap is ``problem``."""

    def __init__(self, client: httpx.AsyncClient, base: str, headers: Mapping[str, str], unreachable: str) -> None:
        self._client = client
        self._base = base.rstrip("/")
        self._headers = headers
        self._unreachable = unreachable
        self.skew_s: float | None = None
        """By how much this machine's clock is ahead of the API's, as the last answer told."""

    async def get(self, path: str, **parameters: str | int) -> tuple[int, Any]:
        """Return the status and the JSON of an answer, ``None`` where it is none.

        Raises ``Unavailable`` when there is no answer; the address, which may hold a token, is not told.
        """
        for _ in range(_N_ATTEMPTS):
            response = await self._ask(path, parameters)
            if response.status_code != HTTPStatus.TOO_MANY_REQUESTS:
                break
            await asyncio.sleep(_ban_s(response))
        self._note_clock(response)
        try:
            return response.status_code, response.json()
        except ValueError:
            return response.status_code, None

    async def _ask(self, path: str, parameters: Mapping[str, str | int]) -> httpx.Response:
        timeout_s = TIMEOUT_S + float(parameters.get("timeout", 0))
        try:
            return await self._client.get(
                self._base + path, params=dict(parameters), headers=self._headers, timeout=timeout_s
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(self._unreachable, problem=type(error).__name__) from None

    def _note_clock(self, response: httpx.Response) -> None:
        try:
            self.skew_s = time.time() - parsedate_to_datetime(response.headers["date"]).timestamp()
        except (KeyError, ValueError):
            return


def _ban_s(response: httpx.Response) -> float:
    try:
        return min(float(response.headers.get("retry-after", "1")), _LONGEST_BAN_S)
    except ValueError:
        return 1.0
