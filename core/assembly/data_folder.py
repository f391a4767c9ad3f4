"""A data folder opened to be looked at, also while another process runs on it: its contents, its providers' status."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from core.assembly.exporter import discord_rules_of
from core.assembly.providers import provider_keys
from core.assembly.storage_quota import open_quota
from core.errors import Unavailable
from core.generation.providers.catalogue import read_providers
from core.generation.providers.ledger import Ledger
from core.generation.providers.route import routes
from core.generation.providers.status import ProviderStatusService
from core.offload import offload
from core.ops.worker_status import WorkerStatusList
from core.retrieval.embed import open_embedder
from core.services.setting_schema import TRAINING
from core.settings import Settings
from core.storage.alerts import LastAlerts
from core.storage.curation.reading_log import ReadingLog
from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.quotas import Quotas
from core.storage.spaces import Spaces
from core.storage.vectors import Vectors
from core.types import SpaceId, StorageUsage


@dataclass(frozen=True, slots=True)
class DataFolder:
    """What a data folder holds, for a look at it. ``is_joined``: another process has it open."""

    is_joined: bool
    database: Database
    provider_status: ProviderStatusService
    _settings: Settings

    async def storage(self) -> Mapping[SpaceId, StorageUsage]:
        """Return what every space holds, with its limit."""
        documents = Documents(self.database)
        quota = open_quota(self._settings, documents, ReadingLog(self.database))
        return {
            space: StorageUsage(n_documents, n_chars, quota.limit(space))
            for space, (n_documents, n_chars) in (await documents.sizes()).items()
        }

    async def discord_trains(self) -> bool:
        """Return whether a Discord server lets models learn whose messages training leaves out."""
        rules = discord_rules_of(self._settings)
        trained = await Spaces(self.database).values(TRAINING)
        return any(rules.withholds_messages(space) and trains for space, trains in trained.items())

    async def count_missing(self) -> tuple[int, int]:
        """Return how many passages have no vector yet of the embedder the settings name, and how many there are."""
        embedder = open_embedder(self._settings.embedder, self._settings.models_dir, lambda key: None)
        vectors = Vectors(self.database)
        lacking = await vectors.count_missing(await offload(lambda: embedder.id))
        return sum(lacking.values()), await vectors.count()


@asynccontextmanager
async def join_data_folder(settings: Settings) -> AsyncIterator[DataFolder]:
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
            database, is_joined = await Database.open_shared(settings.data_dir), True
        stack.push_async_callback(database.close)
        providers = await offload(read_providers, settings.providers_file)
        ways = routes(providers, provider_keys(providers), settings.openai_monthly_usd)
        workers = WorkerStatusList(settings.workers, LastAlerts(database))
        status = ProviderStatusService(providers, ways, Ledger(Quotas(database)), workers, discord_rules_of(settings))
        yield DataFolder(is_joined, database, status, settings)
