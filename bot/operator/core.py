"""``aion core``: answers for gateways over HTTP, and runs the regular jobs; any number of them on one database."""

from __future__ import annotations

import logging

from bot.control.server import serve_commands
from bot.heartbeat import Heartbeat
from bot.logs import set_up_logging
from bot.operator.bots import watchdog_policy
from bot.operator.lifetime import run_until_stopped
from bot.operator.warmth import Warmth
from bot.operator.web_port import serve_web_port
from bot.replicas.core_routes import core_router
from bot.replicas.message_call import OpenCalls
from bot.tracing import tracing
from bot.watchdog import guard_loop
from bot.web.app import create_app, serve
from bot.web.bearer_token import require_token
from bot.web.probes import probes_router
from core.assembly.bootstrap import assemble
from core.errors import Unavailable
from core.settings import read_settings
from plugins import load_plugins

log = logging.getLogger(__name__)

N_AT_ONCE = 64
"""Messages that one core works on at a time; further ones go to other cores, or wait in their gateway."""

DRAIN_S = 25.0
"""Seconds in which answers under way may end after SIGTERM, below the 30 that Kubernetes gives."""

_BASE64 = 4 / 3
_ROOM = 1_000_000


async def run_core() -> None:
    """Run until SIGTERM or SIGINT, then let answers under way end.

    Raises ``Unavailable`` without PostgreSQL, without a token on an address that others reach, and when the address
    cannot be bound.
    """
    settings = read_settings()
    if not settings.database_address:
        raise Unavailable("replicas.no_database")
    token = require_token(settings.core_host, settings.core_token)
    async with tracing(settings.otlp_endpoint, "aion-core"), assemble(settings, load_plugins()) as aion:
        set_up_logging(settings, aion.secrets)
        policy, warmth, calls = watchdog_policy(settings), Warmth(aion), OpenCalls(N_AT_ONCE)
        app = create_app(
            [core_router(aion.processor, calls, token), probes_router(aion, lambda: not calls.is_draining)],
            max_body_bytes=int(settings.max_file_bytes * _BASE64) + _ROOM,
        )
        serving = serve(app, settings.core_host, settings.core_port, lambda url: log.info("core: %s", url))
        parts = {
            "guard": guard_loop(policy),
            "webhooks": aion.webhooks.run(),
            "change over": aion.reembedding.run_in_background(),
            "control socket": serve_commands(aion, settings.data_dir),
            "warm": warmth.run(),
            "core": serving,
        }
        if settings.health_port:
            heartbeat = Heartbeat()
            parts["heartbeat"] = heartbeat.run()
            parts["health"] = serve_web_port(aion, (), heartbeat, warmth.is_warm, settings)
        try:
            await run_until_stopped(parts, aion.scheduler.start, lambda: calls.drain(DRAIN_S))
        finally:
            await aion.scheduler.stop()
