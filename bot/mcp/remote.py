"""Programs answered by an AION that runs elsewhere, over its ``/v1`` (``core.programs.port``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
from pydantic import TypeAdapter

from core.errors import PermissionRefused, Unavailable
from core.programs.results import AskResult, FoundPassage, OpenQuestion, ProgramIdentity

T = TypeVar("T")

WITHIN_S = 180.0
"""Seconds an answer may take: a local model writes slowly on a CPU."""


@dataclass(frozen=True, slots=True)
class RemotePrograms:
    """Admits programs at a running AION (``core.programs.port.ProgramsPort``). ``client`` has its base URL."""

    client: httpx.AsyncClient

    async def admit(self, token: str) -> RemoteProgram:
        """Return what the token's program may do. Raises ``PermissionRefused`` on a token that AION refuses."""
        identity = await call(self.client, token, "GET", "/v1/me", ProgramIdentity)
        return RemoteProgram(self.client, token, identity)


@dataclass(frozen=True, slots=True)
class RemoteProgram:
    """One program at a running AION (``core.programs.port.ProgramPort``)."""

    _client: httpx.AsyncClient
    _token: str
    identity: ProgramIdentity

    async def ask(self, question: str) -> AskResult:
        """Answer a question."""
        return await call(self._client, self._token, "POST", "/v1/ask", AskResult, json={"question": question})

    async def search(self, query: str, limit: int) -> tuple[FoundPassage, ...]:
        """Return the passages nearest to a query."""
        body = {"query": query, "limit": limit}
        return await call(self._client, self._token, "POST", "/v1/search", tuple[FoundPassage, ...], json=body)

    async def gaps(self, limit: int) -> tuple[OpenQuestion, ...]:
        """Return what people asked without a good answer."""
        found = tuple[OpenQuestion, ...]
        return await call(self._client, self._token, "GET", "/v1/gaps", found, params={"limit": limit})


async def call(client: httpx.AsyncClient, token: str, method: str, path: str, kind: type[T], **request: Any) -> T:
    """Make a request and read its response as ``kind``.

    Raises ``PermissionRefused`` on a 401, ``Unavailable`` with AION's sentence on any other failure.
    """
    if not token:
        raise PermissionRefused("program.unknown_token")
    try:
        response = await client.request(
            method, path, headers={"Authorization": f"Bearer {token}"}, timeout=WITHIN_S, **request
        )
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise PermissionRefused("program.unknown_token")
        if response.is_error:
            raise _unreachable(client, response.json()["error"]["message"])
        return TypeAdapter(kind).validate_json(response.content)
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise _unreachable(client, str(error) or type(error).__name__) from error


def _unreachable(client: httpx.AsyncClient, problem: str) -> Unavailable:
    return Unavailable("program.unreachable", url=client.base_url, problem=problem)
