"""The figures and counters that ``/metrics`` shows, put together from the parts of a running core."""

from __future__ import annotations

from core.assembly.stores import Stores
from core.backup.schedule import BackupSchedule
from core.ops.figures import FiguresReader
from core.ops.quality_log import QualityLog
from core.services import ProvidersPort
from core.settings import Settings


def open_figures(
    settings: Settings, stores: Stores, providers: ProvidersPort, quality: QualityLog, backups: BackupSchedule
) -> FiguresReader:
    """Return the reader of a data folder's figures."""
    return FiguresReader(
        settings.data_dir,
        stores.inbox,
        stores.documents,
        stores.vectors,
        stores.job_runs,
        providers,
        quality,
        backups,
    )
