"""Models and providers: who may write answers, what is left of their quotas, and the LoRA versions.

Promoting and rolling back is the operator's: a version answers in every community.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from http import HTTPStatus

from fastapi import HTTPException
from fastapi.responses import Response

from bot.web.dashboard.visit import ScreenRoute, Visit
from core.errors import PermissionRefused
from core.generation.local.factory import prepare_lora
from core.models.catalog import language_model_base
from core.models.lora import require_base
from core.models.registry import LoraRegistry, Version
from core.offload import offload
from core.ports import InspectableModel
from core.training.promotion import Promotion
from core.training.retest import read_retested

log = logging.getLogger(__name__)


async def models(visit: Visit) -> Response:
    """Show the local model, the providers and workers that can be asked, and every LoRA version."""
    local = visit.aion.local
    statuses = [status for status in await visit.services.providers.status() if status.is_usable]
    versions: Sequence[Version] = await offload(_registry(visit).versions)
    return await visit.page(
        "models",
        engine=local.state() if isinstance(local, InspectableModel) else None,
        model=visit.aion.settings.local_model,
        providers=statuses,
        versions=versions[::-1],
        learned=await visit.services.answers.learned(),
        is_operator=visit.is_operator,
    )


async def version(visit: Visit) -> Response:
    """Show a version: what it was made of, and the community's disliked answers beside its own replies."""
    known = await _version(visit)
    registry, pseudonyms = _registry(visit), visit.aion.services.dashboard.pseudonyms
    return await visit.page(
        "version",
        version=known,
        retested=await offload(read_retested, registry, pseudonyms, known.name, visit.space),
        is_operator=visit.is_operator,
    )


async def promote(visit: Visit) -> Response:
    """Let a version answer from now on."""
    _require_operator(visit)
    known, settings = await _version(visit), visit.aion.settings
    base = await offload(language_model_base, settings.local_model)
    require_base(known.manifest, base)
    await offload(prepare_lora, settings.local_model, settings.models_dir, known.folder, log.info)
    await Promotion(_registry(visit), visit.aion.stores.webhooks).promote(known.name, base)
    await visit.note("promote", known.name)
    return visit.back("/models", "promoted")


async def roll_back(visit: Visit) -> Response:
    """End the trial, or let the version before the present one answer again."""
    _require_operator(visit)
    name = await offload(_registry(visit).rollback)
    await visit.note("roll_back", name or "")
    return visit.back("/models", "rolled_back")


ROUTES = (
    ScreenRoute("/models", models),
    ScreenRoute("/models/roll-back", roll_back, is_action=True),
    ScreenRoute("/models/{name}", version),
    ScreenRoute("/models/{name}/promote", promote, is_action=True),
)


def _registry(visit: Visit) -> LoraRegistry:
    return LoraRegistry(visit.aion.settings.data_dir / "loras")


async def _version(visit: Visit) -> Version:
    """Return the version that the path names. Raises a 404 where there is none of that name."""
    registry, name = _registry(visit), str(visit.request.path_params["name"])
    if name not in (await offload(registry.state)).weights:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return await offload(registry.get, name)


def _require_operator(visit: Visit) -> None:
    if not visit.is_operator:
        raise PermissionRefused("dashboard.operators_only")
