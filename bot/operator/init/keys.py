"""Validation of provider keys by a request that costs nothing."""

from __future__ import annotations

from http import HTTPStatus

import httpx

from bot.operator.doctor.http_api import HttpApi
from core.errors import BadInput
from core.generation.providers.catalogue import Provider

_REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_PATHS = {"openrouter": "/key"}
"""Paths other than ``/models``: OpenRouter lists its models without a key."""


async def check_keys(client: httpx.AsyncClient, provider: Provider, keys: str) -> None:
    """Check one key, or several separated by commas.

    Raises ``BadInput`` when the provider refuses one, ``Unavailable`` when it cannot be reached.
    """
    for key in filter(None, (part.strip() for part in keys.split(","))):
        headers = {"Authorization": f"Bearer {key}"}
        api = HttpApi(client, provider.base_url, headers, "init.provider_unreachable")
        status, _ = await api.get(_PATHS.get(provider.name, "/models"))
        if status in _REFUSED:
            raise BadInput("init.key_refused", name=provider.name, status=status)
