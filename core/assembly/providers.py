"""The providers of free and paid APIs: their keys, what is left of their quotas, and the router over them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from core.dotenv_file import read_dotenv
from core.generation.providers.catalogue import Provider, read_providers
from core.generation.providers.ledger import Ledger
from core.generation.providers.route import read_keys
from core.generation.providers.router import Router, open_router
from core.generation.providers.transcription import Transcriber, open_transcriber
from core.http_client import HttpClient
from core.offload import offload
from core.settings import Settings
from core.storage.quotas import Quotas


@dataclass(frozen=True, slots=True)
class ProviderAccess:
    """The providers of the catalogue, and the router over those with keys. ``secrets`` are the keys in use."""

    providers: tuple[Provider, ...]
    ledger: Ledger
    router: Router
    transcriber: Transcriber
    secrets: tuple[str, ...]


@asynccontextmanager
async def open_providers(settings: Settings, quotas: Quotas) -> AsyncIterator[ProviderAccess]:
    """Read the catalogue and open the router; without any key no HTTP client is made."""
    providers = await offload(read_providers, settings.providers_file)
    keys = provider_keys(providers)
    secrets = tuple(key.get_secret_value() for several in keys.values() for key in several)
    ledger = Ledger(quotas)
    try:
        if not keys:
            yield ProviderAccess(providers, ledger, Router(), Transcriber(), secrets)
            return
        async with HttpClient(trust_env=True) as client:
            router = open_router(providers, keys, client, ledger, monthly_usd=settings.openai_monthly_usd)
            transcriber = open_transcriber(providers, keys, client, ledger, monthly_usd=settings.openai_monthly_usd)
            yield ProviderAccess(providers, ledger, router, transcriber, secrets)
    finally:
        await ledger.close()


def provider_keys(providers: tuple[Provider, ...]) -> Mapping[str, tuple[SecretStr, ...]]:
    """Return the keys that are set for providers, by the name they are set under in the environment or ``.env``."""
    values = {**read_dotenv(), **os.environ}
    found = {provider.key_env: read_keys(values, provider.key_env) for provider in providers}
    return {name: keys for name, keys in found.items() if keys}
