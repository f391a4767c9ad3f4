"""Models from a local folder or the Hugging Face hub, the local cache first.

Cached models are loaded without network access. Any failure to load becomes ``Unavailable``; its cause is logged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import httpx

from core.errors import Unavailable
from core.models.heavy_imports import loading_heavy
from core.models.installation import needs_full

T = TypeVar("T")
log = logging.getLogger(__name__)

_PATIENCE_S = 5.0
"""Timeout of the reachability check; the hub's own client would try for a minute."""


def cached_or_downloaded(name: str, load: Callable[[bool], T], on_download: Callable[[], None]) -> T:
    """Return ``load(True)``, from local files, or else ``load(False)``, with downloads allowed. Blocks.

    ``on_download`` is called before the second. Raises what ``load`` raises.
    """
    try:
        return load(True)
    except OSError:
        if Path(name).is_dir() or not is_hub_reachable():
            raise
    on_download()
    return load(False)


def is_cached(name: str) -> bool:
    """Tell whether a model of the hub is in the local cache."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        names = (name, f"sentence-transformers/{name}")
        return any(isinstance(try_to_load_from_cache(each, "config.json"), str) for each in names)
    except HFValidationError:
        return False


def cached_folder(name: str) -> Path:
    """Return the folder of the model ``name`` in the hub's local cache. Raises ``FileNotFoundError``."""
    from huggingface_hub import try_to_load_from_cache

    path = try_to_load_from_cache(name, "config.json")
    if not isinstance(path, str):
        raise FileNotFoundError(name)
    return Path(path).parent


def is_hub_reachable() -> bool:
    """Tell whether the hub is reachable and offline mode is off. Blocks for at most 5 s."""
    from huggingface_hub import constants

    if constants.is_offline_mode():
        return False
    try:
        httpx.head(constants.ENDPOINT, timeout=_PATIENCE_S)
    except httpx.HTTPError:
        return False
    return True


@contextmanager
def loading_model(name: str, setting: str) -> Iterator[None]:
    """Load the model ``name`` in the block, within ``core.models.heavy_imports.loading_heavy``.

    Raises ``Unavailable``, with the setting that chose the model, for any error of loading; it says so where the model
    needs the full installation.
    """
    from safetensors import SafetensorError

    try:
        with loading_heavy():
            yield
    except (OSError, ValueError, LookupError, ImportError, RuntimeError, SafetensorError) as error:
        if isinstance(error, ImportError) and needs_full(error):
            raise Unavailable("models.needs_full", what=name) from error
        log.warning("the model %s could not be loaded", name, exc_info=error)
        raise Unavailable("models.not_loaded", name=name, setting=setting) from error
