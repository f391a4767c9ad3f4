"""Opens the local model with its engine: llama.cpp for a GGUF on a CPU, a server by URL, else transformers."""

from __future__ import annotations

from ctypes import CDLL
from pathlib import Path

from pydantic import SecretStr

from core.errors import Unavailable
from core.generation.local.engine import Engine
from core.generation.local.generator import N_PARALLEL, LocalGenerator
from core.generation.local.remote_engine import RemoteEngine
from core.models.catalog import (
    DEFAULT_LANGUAGE_MODEL,
    LanguageModel,
    Tell,
    gguf_file,
    language_model,
    language_model_base,
    language_model_source,
)
from core.models.heavy_imports import transformers_lock
from core.models.hub import cached_or_downloaded, loading_model
from core.models.installation import is_installed
from core.models.lora import Base
from core.models.lora_merge import merged_gguf

_DRIVERS = ("libcuda.so.1", "nvcuda.dll", "libamdhip64.so")


def open_generator(name: str, models_dir: Path, tell: Tell) -> LocalGenerator:
    """Return the local model of that name, loaded on first use, which raises ``Unavailable`` where that fails.

    A path that ends in ``.gguf`` is run by llama.cpp; so is the default model, unless there is a GPU for it. A model
    whose engine is not installed (``can_run``) writes no language, so that it is never asked.
    """
    if not can_run(name):

        def refuse() -> Engine:
            raise Unavailable("models.needs_full", what=name)

        return LocalGenerator(LanguageModel(name, frozenset(), "brief"), refuse, lambda: language_model_base(name))

    def load() -> Engine:
        if gguf := _gguf(name, models_dir, tell):
            tell("models.loading")
            with loading_model(name, "AION_LOCAL_MODEL"):
                from core.generation.local.llama_cpp import LlamaEngine

                return LlamaEngine(gguf, N_PARALLEL)
        return _transformers(name, models_dir, tell)

    return LocalGenerator(language_model(name), load, lambda: language_model_base(name))


def can_run(name: str) -> bool:
    """Tell whether the engine of the local model of that name is installed."""
    is_gguf = name == DEFAULT_LANGUAGE_MODEL or name.lower().endswith(".gguf")
    return is_installed("xllamacpp") if is_gguf else is_installed("torch", "transformers")


def prepare_model(name: str, models_dir: Path, tell: Tell) -> None:
    """Convert the files of a shipped model ahead of use into the form that its engine loads.

    Blocks. Raises ``Unavailable`` when that fails.
    """
    if _gguf(name, models_dir, tell) is None:
        language_model_source(name, models_dir, tell)


def prepare_lora(name: str, models_dir: Path, lora: Path, tell: Tell) -> None:
    """Convert LoRA weights ahead of use into the form that a local model's engine loads.

    Blocks. Raises ``Unavailable`` when that fails.
    """
    if gguf := _gguf(name, models_dir, tell):
        with loading_model(str(lora), "LoRA"):
            merged_gguf(gguf, lora)


def open_served(url: str, model: str, key: SecretStr | None) -> LocalGenerator:
    """Return a model on an OpenAI-compatible server. Raises ``Unavailable`` when ``url`` is invalid."""
    engine = RemoteEngine(url, model, key)

    def base() -> Base:
        raise Unavailable("models.lora_elsewhere")

    return LocalGenerator(language_model(model), lambda: engine, base)


def _transformers(name: str, models_dir: Path, tell: Tell) -> Engine:
    source = language_model_source(name, models_dir, tell)
    tell("models.loading")
    with loading_model(name, "AION_LOCAL_MODEL"), transformers_lock:
        from core.generation.local.transformers_engine import TransformersEngine

        return cached_or_downloaded(
            source, lambda local: TransformersEngine.load(source, is_local=local), lambda: tell("models.downloading")
        )


def _gguf(name: str, models_dir: Path, tell: Tell) -> Path | None:
    """Return the GGUF file that llama.cpp runs for a local model; ``None`` where transformers runs it."""
    return None if name == DEFAULT_LANGUAGE_MODEL and _has_gpu() else gguf_file(name, models_dir, tell)


def _has_gpu() -> bool:
    """Return whether torch can use a GPU; checks for a driver first, because torch takes seconds and 300 MB to load."""
    if not any(map(_is_library, _DRIVERS)) or not is_installed("torch"):
        return False
    from torch import cuda

    return cuda.is_available()


def _is_library(name: str) -> bool:
    try:
        CDLL(name)
    except OSError:
        return False
    return True
