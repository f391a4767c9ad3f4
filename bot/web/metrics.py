"""``GET /metrics``: counters of answers and figures of state in Prometheus' text format.

Served where ``/health`` listens on this machine alone, or behind ``AION_METRICS_TOKEN``. No label holds a space, a
person, a document or a key. What each metric means for an operator is in ``deploy/runbook.md``.
"""

from __future__ import annotations

import importlib.metadata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from bot.heartbeat import Heartbeat
from bot.watchdog import AdapterHealth, AdapterWatch
from bot.web.bearer_token import guarded_router
from core.ops.answer_metrics import AnswerMetrics
from core.ops.figures import Figures, FiguresSource
from core.services import ProviderStatus


def metrics_router(
    metrics: AnswerMetrics,
    figures: FiguresSource,
    adapters: Sequence[AdapterWatch],
    heartbeat: Heartbeat,
    is_warm: Callable[[], bool],
    token: str | None,
) -> APIRouter:
    """Return the route ``/metrics``; with a ``token`` it needs ``Authorization: Bearer <token>``."""
    router = guarded_router(token)
    process = CollectorRegistry()
    ProcessCollector(registry=process)

    @router.get("/metrics")
    async def read() -> Response:
        families = [
            *metrics.registry.collect(),
            *process.collect(),
            *state_families(await figures.read()),
            *adapter_families({adapter.name: adapter.health for adapter in adapters}),
            _gauge("aion_loop_late_seconds", "How long the event loop stood still.", heartbeat.pulse.loop_late_s),
            _gauge("aion_threads_late_seconds", "How long no thread was free.", heartbeat.pulse.threads_late_s),
            _gauge("aion_models_warm", "1 once the models are loaded.", is_warm()),
        ]
        return Response(generate_latest(CollectedFamilies(families)), media_type=CONTENT_TYPE_LATEST)

    return router


class CollectedFamilies(CollectorRegistry):
    """Metrics that were collected already, as a registry that can be written."""

    def __init__(self, families: Iterable[Metric]) -> None:
        super().__init__()
        self._families = tuple(families)

    def collect(self) -> Iterator[Metric]:
        """Yield them."""
        yield from self._families


def state_families(figures: Figures) -> Iterator[Metric]:
    """Yield the gauges of one reading."""
    version = GaugeMetricFamily("aion_build_info", "The version that runs.", labels=["version"])
    version.add_metric([importlib.metadata.version("aion-memory")], 1)
    yield version
    yield _gauge("aion_queue_depth", "Messages accepted and not yet answered.", figures.n_open_messages)
    yield _gauge("aion_documents", "Documents of all spaces.", figures.n_documents)
    yield _gauge("aion_passages", "Passages of all spaces.", figures.n_passages)
    yield _gauge("aion_database_bytes", "Size of the database.", figures.n_database_bytes)
    yield _gauge("aion_index_bytes", "Size of the search indexes.", figures.n_index_bytes)
    yield _gauge("aion_disk_free_bytes", "Room left for the data folder.", figures.n_free_bytes)
    if figures.backup_age is not None:
        yield _gauge("aion_backup_age_seconds", "Age of the last backup.", figures.backup_age.total_seconds())
    yield _gauge("aion_rated_answers", "Rated answers of 30 days, behind the next two.", figures.quality.n_rated)
    if figures.quality.ndcg is not None and figures.quality.mrr is not None:
        yield _gauge("aion_ndcg", "nDCG of rated answers of 30 days.", figures.quality.ndcg)
        yield _gauge("aion_mrr", "Mean reciprocal rank of rated answers of 30 days.", figures.quality.mrr)
    yield from _quota_families(figures.providers)
    yield from _job_families(figures)


def adapter_families(adapters: Mapping[str, AdapterHealth]) -> Iterator[Metric]:
    """Yield the gauges of the platforms' connections."""
    deaf = GaugeMetricFamily("aion_platform_deaf", "1 while a platform is silent for too long.", labels=["platform"])
    heard = GaugeMetricFamily("aion_platform_heard_seconds", "Seconds since it was heard.", labels=["platform"])
    restarts = GaugeMetricFamily("aion_platform_restarts", "Restarts of its connection.", labels=["platform"])
    for name, health in adapters.items():
        deaf.add_metric([name], health.is_deaf)
        restarts.add_metric([name], health.n_restarts)
        if health.heard_s_ago is not None:
            heard.add_metric([name], health.heard_s_ago)
    yield from (deaf, heard, restarts)


def _quota_families(statuses: Sequence[ProviderStatus]) -> Iterator[Metric]:
    """Yield whether each provider may be asked, and the share left of its limits; of several keys the best counts."""
    ready: defaultdict[tuple[str, str], bool] = defaultdict(bool)
    left: defaultdict[tuple[str, str, str, str], float] = defaultdict(float)
    for status in statuses:
        if not status.is_usable:
            continue
        ready[status.provider, status.model] |= status.state in ("ready", "online")
        for each in status.allowances:
            name = (status.provider, status.model, each.period, each.kind)
            left[name] = max(left[name], each.left / each.limit if each.limit else 0.0)
    able = GaugeMetricFamily("aion_provider_ready", "1 if it may be asked now.", labels=["provider", "model"])
    for of_model, is_ready in ready.items():
        able.add_metric(of_model, is_ready)
    labels = ["provider", "model", "period", "kind"]
    quota = GaugeMetricFamily("aion_quota_left_ratio", "Share left of a provider's limit.", labels=labels)
    for limit, share in left.items():
        quota.add_metric(limit, share)
    yield from (able, quota)


def _job_families(figures: Figures) -> Iterator[Metric]:
    failed = GaugeMetricFamily("aion_job_failed", "1 if a job's last run failed.", labels=["job"])
    ended = GaugeMetricFamily("aion_job_finished_timestamp_seconds", "When it ended last.", labels=["job"])
    for name, run in figures.jobs.items():
        failed.add_metric([name], run.outcome == "failed")
        if run.finished_at is not None:
            ended.add_metric([name], run.finished_at.timestamp())
    yield from (failed, ended)


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(name, what, value=value)
