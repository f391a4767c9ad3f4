"""What the benchmarks of retrieval and of the gate run on."""

from __future__ import annotations

from pathlib import Path

from core.ports import Embedder
from core.retrieval.embed import open_embedder
from core.settings import Settings


def default_embedder(data_dir: Path) -> Embedder:
    """Return the embedder that AION uses out of the box, its files kept under ``data_dir``."""
    return open_embedder(Settings.model_fields["embedder"].default, data_dir / "models", print)
