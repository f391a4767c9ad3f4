"""Diagnostics of what is installed: full or light, and settings that the light installation cannot follow."""

from __future__ import annotations

from collections.abc import Iterator

from bot.operator.doctor.diagnosis import Diagnosis
from core.assembly.models import runs_local_model
from core.models.catalog import DEFAULT_EMBEDDER, DEFAULT_LANGUAGE_MODEL
from core.models.installation import is_installed
from core.settings import Settings


def installation_findings(settings: Settings) -> Iterator[Diagnosis]:
    """Yield which installation this is, and each setting that asks for what it lacks."""
    if is_installed("torch", "transformers"):
        yield Diagnosis("ok", "full_installation")
    else:
        yield Diagnosis("ok", "light_installation")
        for what in _out_of_reach(settings):
            yield Diagnosis("error", "models.needs_full", {"what": what})


def _out_of_reach(settings: Settings) -> Iterator[str]:
    if settings.embedder != DEFAULT_EMBEDDER:
        yield f"AION_EMBEDDER={settings.embedder}"
    is_default = bool(settings.local_url) or settings.local_model == DEFAULT_LANGUAGE_MODEL
    if not is_default and not runs_local_model(settings):
        yield f"AION_LOCAL_MODEL={settings.local_model}"
    if settings.reranker != "off":
        yield f"AION_RERANKER={settings.reranker}"
    if settings.train_after_ratings:
        yield f"AION_TRAIN_AFTER_RATINGS={settings.train_after_ratings}"
