"""Diagnostics of this machine: data folder, free disk space, models, documents, providers."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from bot.operator.doctor.backups import backup_findings
from bot.operator.doctor.diagnosis import Diagnosis, Level
from bot.operator.doctor.installation import installation_findings
from bot.operator.doctor.models import model_findings, model_of
from core.assembly.backups import backup_policy, open_backups
from core.assembly.data_folder import DataFolder
from core.assembly.data_folder_status import (
    count_missing_vectors,
    discord_trains,
    provider_status,
    storage_usage,
)
from core.assembly.models import runs_local_model
from core.errors import Unavailable
from core.offload import offload
from core.services import PlanTraining, ProviderStatus
from core.settings import Settings
from core.storage.private_folder import is_private
from core.types import SpaceId, StorageUsage

LOW_BYTES, FULL_BYTES = 1_000_000_000, 50_000_000
"""Free bytes below which models and indexes may not fit, and below which the database cannot be written."""

_TRAINS: Mapping[PlanTraining, Level] = {"refused": "note", "unknown": "note", "allowed": "warning"}

NEARLY_FULL = 0.9
"""Share of a space's storage quota from which it is reported."""


async def machine_findings(settings: Settings, data_folder: DataFolder) -> AsyncIterator[Diagnosis]:
    """Yield diagnoses of the open data folder, the models and the providers."""
    async for finding in _folder_findings(settings.data_dir, data_folder):
        yield finding
    embedder = await offload(model_of, settings.embedder)
    local = await offload(model_of, settings.local_model) if runs_local_model(settings) else None
    for finding in (*installation_findings(settings), *model_findings(embedder, local)):
        yield finding
    if embedder.is_here:
        n_lacking, n_passages = await count_missing_vectors(data_folder)
        if n_lacking:
            yield Diagnosis("note", "changing_over", {"n_done": n_passages - n_lacking, "n_passages": n_passages})
    for finding in await offload(_backup_findings, settings):
        yield finding
    for finding in storage_findings(await storage_usage(data_folder)):
        yield finding
    statuses = await (await provider_status(data_folder)).status()
    for finding in provider_findings(statuses):
        yield finding
    if settings.discord_token is not None:
        for finding in discord_rule_findings(statuses, trains=await discord_trains(data_folder)):
            yield finding


def _backup_findings(settings: Settings) -> list[Diagnosis]:
    return list(backup_findings(backup_policy(settings), open_backups(settings), datetime.now(UTC)))


async def _folder_findings(path: Path, data_folder: DataFolder) -> AsyncIterator[Diagnosis]:
    """Yield diagnoses of the data folder at ``path``: who uses it, who may enter it, whether it can be written."""
    values = {"folder": path}
    yield Diagnosis("note", "running", values) if data_folder.is_joined else Diagnosis("ok", "folder_ok", values)
    if not await offload(is_private, path):
        yield Diagnosis("warning", "folder_open", values)
    for finding in disk_findings(path, shutil.disk_usage(path).free):
        yield finding
    try:
        await data_folder.database.require_writable()
    except Unavailable as error:
        yield Diagnosis.of(error)
    for finding in database_findings(await data_folder.database.n_bytes(), data_folder.settings.database_budget_mb):
        yield finding


def database_findings(n_bytes: int, budget_mb: float) -> Iterator[Diagnosis]:
    """Yield how much of its budget, in megabytes, the database takes; nothing where it has none."""
    if budget_mb:
        values = {"mb": n_bytes / 1e6, "budget_mb": budget_mb, "share": n_bytes / 1e6 / budget_mb}
        is_nearly_full = values["share"] >= NEARLY_FULL
        yield Diagnosis("warning", "database_full", values) if is_nearly_full else Diagnosis("ok", "database", values)


def discord_rule_findings(statuses: tuple[ProviderStatus, ...], *, trains: bool) -> Iterator[Diagnosis]:
    """Yield what Discord's policy on message content changes: providers not asked, messages left out of training."""
    names = {state: {each.provider for each in statuses if each.key and each.trains == state} for state in _TRAINS}
    for state, level in _TRAINS.items():
        if names[state]:
            yield Diagnosis(level, f"plans_{state}", {"names": ", ".join(sorted(names[state]))})
    if trains:
        yield Diagnosis("note", "training_withheld")


def disk_findings(folder: Path, n_bytes_free: int) -> Iterator[Diagnosis]:
    """Yield a diagnosis when fewer than ``FULL_BYTES`` or ``LOW_BYTES`` are free."""
    values = {"folder": folder, "free_mb": n_bytes_free // 1_000_000}
    if n_bytes_free < FULL_BYTES:
        yield Diagnosis("error", "disk_full", values)
    elif n_bytes_free < LOW_BYTES:
        yield Diagnosis("warning", "disk_low", values)


def storage_findings(storage: Mapping[SpaceId, StorageUsage]) -> Iterator[Diagnosis]:
    """Yield what is stored in all spaces together, and a diagnosis of each space that is nearly full."""
    n_documents = sum(usage.n_documents for usage in storage.values())
    if not n_documents:
        yield Diagnosis("warning", "no_documents")
        return
    n_chars = sum(usage.n_chars for usage in storage.values())
    yield Diagnosis("ok", "documents", {"n_documents": n_documents, "n_spaces": len(storage), "mb": n_chars / 1e6})
    for space, usage in storage.items():
        if usage.share >= NEARLY_FULL:
            values = {"space": space, "share": usage.share, "n_documents": usage.n_documents, "mb": usage.n_chars / 1e6}
            yield Diagnosis("warning", "space_full", values)


def provider_findings(statuses: tuple[ProviderStatus, ...]) -> Iterator[Diagnosis]:
    """Yield a diagnosis of each benched provider, or that none has a key, or that all are ready."""
    with_key = [status for status in statuses if status.key is not None]
    if not with_key:
        yield Diagnosis("note", "no_key")
    benched = {(each.provider, each.reason): each for each in with_key if each.state == "benched"}
    for (name, reason), status in benched.items():
        until = f"{status.until:%Y-%m-%d %H:%M}" if status.until else "-"
        values = {"name": name, "model": status.model, "reason": reason, "until": until}
        yield Diagnosis("warning", "provider_benched", values)
    if with_key and not benched:
        yield Diagnosis("ok", "providers_ok", {"names": ", ".join(dict.fromkeys(each.provider for each in with_key))})
