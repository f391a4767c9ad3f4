"""Command-line arguments that several benchmarks take, and where they keep converted models."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.settings import read_settings


def parser_for(description: str | None) -> argparse.ArgumentParser:
    """Return a parser whose help shows a module's docstring as it stands."""
    return argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)


def add_models(parser: argparse.ArgumentParser) -> None:
    """Add ``--models``: the folder of converted models, by default the one that AION itself uses."""
    default = read_settings().models_dir
    parser.add_argument("--models", type=Path, default=default, help="where converted models are kept (%(default)s)")


def link_models(data_dir: Path, models: Path) -> None:
    """Give a new data folder the converted models in ``models``."""
    models.mkdir(parents=True, exist_ok=True)
    (data_dir / "models").symlink_to(models.resolve())
