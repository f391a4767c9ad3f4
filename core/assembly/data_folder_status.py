"""What a look at a data folder tells: its storage, its providers' status, passages without a vector."""

from __future__ import annotations

from collections.abc import Mapping

from core.assembly.data_folder import DataFolder
from core.assembly.exporter import discord_rules_of
from core.assembly.providers import provider_keys
from core.assembly.storage_quota import open_quota
from core.generation.providers.catalogue import read_providers
from core.generation.providers.ledger import Ledger
from core.generation.providers.route import routes
from core.generation.providers.status import ProviderStatusService
from core.offload import offload
from core.ops.worker_status import WorkerStatusList
from core.retrieval.embed import open_embedder
from core.services.setting_schema import TRAINING
from core.storage.alerts import LastAlerts
from core.storage.curation.reading_log import ReadingLog
from core.storage.documents import Documents
from core.storage.embeddings.vectors import Vectors
from core.storage.quotas import Quotas
from core.storage.spaces import Spaces
from core.types import SpaceId, StorageUsage


async def provider_status(folder: DataFolder) -> ProviderStatusService:
    """Return the status of every provider, key and model. Raises ``Unavailable`` for an unreadable catalogue."""
    settings = folder.settings
    providers = await offload(read_providers, settings.providers_file)
    ways = routes(providers, provider_keys(providers), settings.openai_monthly_usd)
    workers = WorkerStatusList(settings.workers, LastAlerts(folder.database))
    ledger = Ledger(Quotas(folder.database))
    return ProviderStatusService(providers, ways, ledger, workers, discord_rules_of(settings))


async def storage_usage(folder: DataFolder) -> Mapping[SpaceId, StorageUsage]:
    """Return what every space holds, with its limit."""
    documents = Documents(folder.database)
    quota = open_quota(folder.settings, documents, ReadingLog(folder.database))
    return {
        space: StorageUsage(n_documents, n_chars, quota.limit(space))
        for space, (n_documents, n_chars) in (await documents.sizes()).items()
    }


async def discord_trains(folder: DataFolder) -> bool:
    """Return whether a Discord server lets models learn whose messages training leaves out."""
    rules = discord_rules_of(folder.settings)
    trained = await Spaces(folder.database).values(TRAINING)
    return any(rules.withholds_messages(space) and trains for space, trains in trained.items())


async def count_missing_vectors(folder: DataFolder) -> tuple[int, int]:
    """Return how many passages have no vector yet of the embedder the settings name, and how many there are."""
    embedder = open_embedder(folder.settings.embedder, folder.settings.models_dir, lambda key: None)
    vectors = Vectors(folder.database)
    lacking = await vectors.count_missing(await offload(lambda: embedder.id))
    return sum(lacking.values()), await vectors.count()
