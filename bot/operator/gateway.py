"""``aion gateway``: the platforms' connections, before cores that answer. Of several gateways one leads each bot."""

from __future__ import annotations

import logging

import httpx

from bot.control.server import serve_commands
from bot.heartbeat import Heartbeat
from bot.logs import set_up_logging
from bot.operator.bots import open_bots, watchdog_policy
from bot.operator.lifetime import run_until_stopped
from bot.operator.web_port import serve_web_port
from bot.replicas.core_addresses import CoreAddresses
from bot.replicas.core_cluster import CoreCluster
from bot.replicas.remote_call import RemoteCall
from bot.tracing import tracing
from bot.watchdog import guard_loop
from core.assembly.bootstrap import assemble
from core.errors import Unavailable
from core.http_client import HttpClient
from core.settings import read_settings
from plugins import load_plugins

log = logging.getLogger(__name__)

UNLIMITED = httpx.Limits(max_connections=None, max_keepalive_connections=100)


async def run_gateway() -> None:
    """Run until SIGTERM or SIGINT. Raises ``Unavailable`` without PostgreSQL, and the error of a bot that gives up."""
    settings = read_settings()
    if not settings.database_address:
        raise Unavailable("replicas.no_database")
    addresses = CoreAddresses(settings.core_urls)
    token = settings.core_token.get_secret_value().strip() if settings.core_token else ""
    async with tracing(settings.otlp_endpoint, "aion-gateway"), HttpClient(limits=UNLIMITED) as client:
        cores = CoreCluster(addresses, RemoteCall(client, token))
        async with assemble(settings, load_plugins(), processor=cores) as aion:
            set_up_logging(settings, aion.secrets)
            policy = watchdog_policy(settings)
            bots = await open_bots(aion, settings, policy)
            parts = {bot.watch.name: bot.stand_by() for bot in bots}
            parts["guard"] = guard_loop(policy)
            parts["control socket"] = serve_commands(aion, settings.data_dir)
            if settings.health_port:
                heartbeat, watches = Heartbeat(), [bot.watch for bot in bots]
                parts["heartbeat"] = heartbeat.run()
                parts["health"] = serve_web_port(aion, watches, heartbeat, lambda: True, settings)

            async def started() -> None:
                log.info("gateway of %s, before %s", ", ".join(bot.watch.name for bot in bots), settings.core_urls)

            await run_until_stopped(parts, started)
