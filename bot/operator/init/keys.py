"""Whether a provider knows a key, found out by listing its models, which costs nothing."""

from __future__ import annotations

from http import HTTPStatus

import httpx

from bot.operator.doctor.api import Api
from core.errors import BadInput
from core.generation.providers.catalogue import Provider

_REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_PATHS = {"openrouter": "/key"}
"""OpenRouter lists its models for anybody; only this asks for the key."""


async def check_keys(client: httpx.AsyncClient, provider: Provider, keys: str) -> None:
    """Check one key, or several between commas.

    Raises ``BadInput`` when the provider refuses one, ``Unavailable`` when it cannot be reached.
    """
    for key in filter(None, (part.strip() for part in keys.split(","))):
        headers = {"Authorization": f"Bearer {key}"}
        api = Api(client, provider.base_url, headers, "init.provider_unreachable")
        status, _ = await api.get(_PATHS.get(provider.name, "/models"))
        if status in _REFUSED:
            raise BadInput("init.key_refused", name=provider.name, status=status)
