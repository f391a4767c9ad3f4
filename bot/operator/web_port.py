"""The port of ``AION_HEALTH_PORT``: health, probes, metrics, programs, and the dashboard where there are platforms."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from bot.heartbeat import Heartbeat
from bot.watchdog import AdapterWatch
from core.assembly.aion import Aion
from core.settings import Settings

log = logging.getLogger(__name__)


async def serve_web_port(
    aion: Aion, watches: Sequence[AdapterWatch], heartbeat: Heartbeat, is_warm: Callable[[], bool], settings: Settings
) -> None:
    """Serve until cancelled. Raises ``Unavailable`` when the address cannot be bound."""
    from bot.delivery.tasks import TaskSet
    from bot.web.app import GRACE_S, create_app, serve
    from bot.web.bearer_token import is_loopback
    from bot.web.health import health_router
    from bot.web.metrics import metrics_router
    from bot.web.probes import probes_router
    from bot.web.programs import programs_router

    routers = [
        health_router(aion, watches, heartbeat, is_warm),
        probes_router(aion),
        programs_router(aion.programs),
    ]
    metrics_token = settings.metrics_token and settings.metrics_token.get_secret_value().strip()
    if metrics_token or is_loopback(settings.health_host):
        router = metrics_router(aion.metrics, aion.figures, watches, heartbeat, is_warm, metrics_token or None)
        routers.append(router)
    else:
        log.info("no /metrics: it needs AION_METRICS_TOKEN where AION_HEALTH_HOST is not this machine alone")
    if token := settings.admin_token and settings.admin_token.get_secret_value().strip():
        from bot.web.admin import admin_router

        routers.append(admin_router(aion.services.reviews, token))
    tasks = TaskSet("dashboard")
    if watches:  # whose platforms tell who moderates
        from bot.web.dashboard.platform_sign_in.routes import platforms_of
        from bot.web.dashboard.roles import PlatformRoles
        from bot.web.dashboard.router import dashboard_router

        roles = PlatformRoles({watch.name: watch.adapter for watch in watches})
        routers.append(dashboard_router(aion, roles, tasks, platforms=platforms_of(settings)))
        log.info("dashboard: %s/dashboard", settings.dashboard_address)
    app = create_app(routers)
    try:
        await serve(app, settings.health_host, settings.health_port, lambda url: log.info("health: %s/health", url))
    finally:
        await tasks.finish(GRACE_S)
