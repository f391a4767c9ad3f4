"""Every HTTP route there is: open to everyone are those named here, every other one refuses who has no token.

The routes are read from the applications themselves, so that one that is added is asked, too.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute

from bot.adapters.telegram.webhook import _router as webhook_router
from bot.delivery.tasks import TaskSet
from bot.heartbeat import Heartbeat
from bot.replicas.core_routes import core_router
from bot.replicas.message_call import OpenCalls
from bot.web.admin import admin_router
from bot.web.app import create_app
from bot.web.dashboard.router import dashboard_router
from bot.web.health import health_router
from bot.web.inference import inference_router
from bot.web.inference_service import InferenceService
from bot.web.metrics import metrics_router
from bot.web.probes import probes_router
from bot.web.programs import programs_router
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.settings import Settings
from plugins import load_plugins
from tests.dashboard import Roles
from tests.fakes import ScriptedGenerator, WordEmbedder

ROOT = Path(__file__).parents[2]
TOKEN = "made-up-token"

OPEN = {
    ("GET", "/health"),  # of `aion run` and of `aion serve`: names no community and no person
    ("GET", "/live"),
    ("GET", "/ready"),
    ("GET", "/v1/openapi.json"),
    ("GET", "/dashboard"),  # leads to signing in
    ("GET", "/dashboard/static/{name}"),
}
SIGNS_IN = {("GET", "/dashboard/sign-in"), ("POST", "/dashboard/sign-in"), ("GET", "/dashboard/{rest:path}")}
"""They need no session, and count against the limit of an address."""


def applications(aion: Aion) -> Iterator[FastAPI]:
    """Return every application that AION serves, each as it is where others reach it."""
    minutes = itertools.count(step=60.0)  # an address may ask so often in a minute
    yield create_app(
        [
            health_router(aion, [], Heartbeat(), lambda: True),
            probes_router(aion),
            programs_router(aion.programs),
            metrics_router(aion.metrics, aion.figures, [], Heartbeat(), lambda: True, TOKEN),
            admin_router(aion.services.reviews, TOKEN),
            dashboard_router(aion, Roles(), TaskSet("dashboard"), lambda: next(minutes)),
        ]
    )
    yield create_app([core_router(aion.processor, OpenCalls(1), TOKEN), probes_router(aion)])
    yield create_app([inference_router(InferenceService(ScriptedGenerator([]), max_open=1), TOKEN)])
    yield create_app([webhook_router("/hook", TOKEN, None, None)])


def test_no_application_is_made_elsewhere() -> None:
    making = re.compile(r"\b(?:create_app|FastAPI|Starlette)\(")
    code = [path for folder in ("bot", "core", "plugins") for path in (ROOT / folder).rglob("*.py")]
    found = {str(path.relative_to(ROOT)) for path in code if making.search(path.read_text(encoding="utf-8"))}
    assert found == {
        "bot/adapters/telegram/webhook.py",
        "bot/operator/core.py",
        "bot/operator/serve.py",
        "bot/operator/web_port.py",
        "bot/web/app.py",
    }


def calls(routes: list[BaseRoute]) -> Iterator[tuple[str, str]]:
    """Return the methods and paths of routes."""
    for route in iter_route_contexts(routes):
        assert route.path is not None
        yield from ((method, route.path) for method in (route.methods or ()) if method != "HEAD")


@pytest.mark.usefixtures("parsed_in_process")
async def test_who_has_no_token_is_refused_by_every_route_but_the_open_ones(tmp_path: Path) -> None:
    settings = Settings.model_validate({"AION_DATA_DIR": tmp_path})
    local = ScriptedGenerator([])
    seen = set[tuple[str, str]]()
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=local) as aion:
        for app in applications(aion):
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://aion") as client:
                for method, path in calls(app.routes):
                    seen.add((method, path))
                    given = re.sub(r"\{[^}]+\}", "1", path)
                    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": "aion_session=wrong"}):
                        said = await client.request(method, given, headers=headers)
                        is_open = (method, path) in OPEN | SIGNS_IN
                        assert is_open or said.status_code in (401, 403), f"{method} {path}: {said.status_code}"
    assert seen >= OPEN | SIGNS_IN
    assert len(seen) > 40
