"""``aion run``: every platform whose token is set, answers, jobs and ``/health`` in one process."""

from __future__ import annotations

import logging

from bot.control.server import serve_commands
from bot.heartbeat import Heartbeat
from bot.logs import set_up_logging
from bot.operator.bots import open_bots, watchdog_policy
from bot.operator.lifetime import run_until_stopped
from bot.operator.warmth import Warmth
from bot.operator.web_port import serve_web_port
from bot.space_titles import SpaceTitles
from bot.tracing import tracing
from bot.watchdog import guard_loop
from core.assembly.bootstrap import assemble
from core.settings import read_settings
from plugins import load_plugins

log = logging.getLogger(__name__)


async def run_platforms() -> None:
    """Run until SIGTERM or SIGINT. Raises the ``UserError`` of the first adapter that gives up."""
    settings = read_settings()
    opening = tracing(settings.otlp_endpoint, "aion")
    async with opening, assemble(settings, load_plugins()) as aion:
        set_up_logging(settings, aion.secrets)
        policy = watchdog_policy(settings)
        bots = await open_bots(aion, settings, policy)
        warmth = Warmth(aion)
        parts = {bot.watch.name: bot.run() for bot in bots}
        parts["guard"] = guard_loop(policy)
        parts["titles"] = SpaceTitles(aion.stores.spaces, {bot.watch.name: bot.watch.adapter for bot in bots}).run()
        parts["webhooks"] = aion.webhooks.run()
        parts["change over"] = aion.reembedding.run_in_background()
        parts["control socket"] = serve_commands(aion, settings.data_dir)
        parts["warm"] = warmth.run()
        if settings.health_port:
            heartbeat, watches = Heartbeat(), [bot.watch for bot in bots]
            parts["heartbeat"] = heartbeat.run()
            parts["health"] = serve_web_port(aion, watches, heartbeat, warmth.is_warm, settings)

        async def started() -> None:
            await aion.scheduler.start()
            log.info("running: %s", ", ".join(bot.watch.name for bot in bots))

        try:
            await run_until_stopped(parts, started)
        finally:
            await aion.scheduler.stop()
