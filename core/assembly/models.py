"""The local model, the reader and the gate that the settings name, and the search's fusion as it was tuned."""

from __future__ import annotations

from functools import cache

from core.confidence.gate import open_gate
from core.confidence.gate_versions import GateVersions
from core.generation.local.factory import can_run, open_generator, open_served, prepare_model
from core.generation.local.generator import LocalGenerator
from core.models.catalog import DEFAULT_LANGUAGE_MODEL, Tell
from core.ports import Embedder, Gate, Reader
from core.retrieval.embedder_migration import EmbedderMigration, MigratingGate
from core.retrieval.fuse import Fusion, FusionLookup, ScaledSum, fusion_for
from core.retrieval.reading.passage_reader import open_reader
from core.settings import Settings


def open_local(settings: Settings, tell: Tell) -> LocalGenerator:
    """Return the local model that is set: a server's, or one that is run here. Raises ``Unavailable``."""
    if settings.local_url:
        return open_served(settings.local_url, settings.local_model, settings.local_api_key)
    return open_generator(settings.local_model, settings.models_dir, tell)


def runs_local_model(settings: Settings) -> bool:
    """Tell whether the local model that is set is run on this machine, by an engine that is installed."""
    return not settings.local_url and can_run(settings.local_model)


def prepare_local(settings: Settings, tell: Tell) -> None:
    """Make the files of the local model ahead of its first answer, where it can run here and is shipped with AION.

    Blocks. Raises ``Unavailable`` when its package is missing or the folder cannot be written.
    """
    if settings.local_model == DEFAULT_LANGUAGE_MODEL and runs_local_model(settings):
        prepare_model(settings.local_model, settings.models_dir, tell)


def tuned_fusion(settings: Settings) -> FusionLookup:
    """Return a lookup of the fusion tuned for an embedder, else of the shipped one; the version in use is read once."""
    gates = GateVersions(settings.data_dir / "gate")

    @cache
    def fusion_of(embedder_id: str) -> Fusion:
        nats_per_cosine = gates.nats_per_cosine(embedder_id)
        return fusion_for(embedder_id) if nats_per_cosine is None else ScaledSum(nats_per_cosine)

    return fusion_of


def open_set_reader(settings: Settings, embedder_id: str, tell: Tell, second: Embedder | None = None) -> Reader | None:
    """Return the reader that is set; ``None`` where a reranker takes its place."""
    name = settings.reader if settings.reranker == "off" else "off"
    return open_reader(name, embedder_id, settings.models_dir, tell, second)


def open_migrating_gate(settings: Settings, embedders: EmbedderMigration, reader: Reader | None) -> Gate:
    """Return the latest gate tuned for the embedder in service; during a migration also the one for its successor.

    Only the latest embedder's gate weighs what the reader read.
    """
    tuned = GateVersions(settings.data_dir / "gate")
    latest = open_gate(
        settings.confidence,
        settings.tau,
        tuned.current(embedders.latest.id),
        tuned.current(embedders.latest.id, reader.id) if reader else None,
    )
    if not embedders.is_under_way:
        return latest
    former = open_gate(settings.confidence, settings.tau, tuned.current(embedders.id))
    return MigratingGate(embedders, former, latest)
