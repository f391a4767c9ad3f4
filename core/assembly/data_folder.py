"""A look at a data folder, also while another process is running on it: what it holds, and how the providers stand."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values
from pydantic import SecretStr

from core.errors import Unavailable
from core.generation.providers.catalogue import Provider, read_providers
from core.generation.providers.ledger import Ledger
from core.generation.providers.route import read_keys, routes
from core.generation.providers.status import ProviderStatusService
from core.offload import offload
from core.ops.worker_status import WorkerStatusList
from core.retrieval.embed import open_embedder
from core.settings import Settings
from core.storage.alerts import LastAlerts
from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.quotas import Quotas
from core.storage.vectors import Vectors


@dataclass(frozen=True, slots=True)
class DataFolder:
    """What a data folder holds, for a look at it. ``is_joined``: another process has it open."""

    is_joined: bool
    database: Database
    desk: ProviderStatusService
    _settings: Settings

    async def count_documents(self) -> int:
        """Return how many documents all spaces hold together."""
        return await Documents(self.database).count_all()

    async def count_lacking(self) -> tuple[int, int]:
        """Return how many passages have no vector yet of the embedder the settings name, and how many there are."""
        embedder = open_embedder(self._settings.embedder, self._settings.models_dir, lambda key: None)
        vectors = Vectors(self.database)
        lacking = await vectors.count_lacking(await offload(lambda: embedder.id))
        return sum(lacking.values()), await vectors.count()


@asynccontextmanager
async def open_holdings(settings: Settings) -> AsyncIterator[DataFolder]:
    """Open a data folder for a look at it, also while another process is running on it; no model is loaded.

    Raises ``Unavailable`` when the data folder cannot be used.
    """
    async with AsyncExitStack() as stack:
        is_joined = False
        try:
            database = await Database.open(settings.data_dir)
        except Unavailable as error:
            if error.key != "storage.in_use":
                raise
            database, is_joined = await Database.join(settings.data_dir), True
        stack.push_async_callback(database.close)
        providers = await offload(read_providers, settings.providers_file)
        ways = routes(providers, provider_keys(providers), settings.openai_monthly_usd)
        roll = WorkerStatusList(settings.workers, LastAlerts(database))
        yield DataFolder(
            is_joined, database, ProviderStatusService(providers, ways, Ledger(Quotas(database)), roll), settings
        )


def provider_keys(providers: tuple[Provider, ...]) -> Mapping[str, tuple[SecretStr, ...]]:
    """Return the keys that are set for providers, by the name they are set under in the environment or ``.env``."""
    values = {**dotenv_values(Path(".env")), **os.environ}
    found = {provider.key_env: read_keys(values, provider.key_env) for provider in providers}
    return {name: keys for name, keys in found.items() if keys}
