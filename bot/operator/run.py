"""``aion run``: every platform whose token is set, the scheduler and ``/health`` in one task group."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.control.server import serve_commands
from bot.heartbeat import Heartbeat
from bot.logs import set_up_logging
from bot.tracing import tracing
from bot.watchdog import Adapter, AdapterWatch, WatchdogPolicy, guard_loop
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.errors import Unavailable, UserError
from core.settings import Settings, read_settings
from plugins import load_plugins

if TYPE_CHECKING:
    from bot.adapters.telegram.webhook import Webhook

log = logging.getLogger(__name__)


def adapters(aion: Aion, settings: Settings) -> dict[str, Adapter]:
    """Return the adapters whose token is set. Raises ``Unavailable`` when there is none."""
    chosen: dict[str, Adapter] = {}
    if settings.discord_token:
        from bot.adapters.discord.adapter import DiscordAdapter

        chosen["discord"] = DiscordAdapter(
            aion.dispatch,
            settings.discord_token.get_secret_value().strip(),
            api_base=settings.discord_api_base,
            gateway_url=settings.discord_gateway_url,
            moderator_role=settings.moderator_role,
            state_dir=settings.data_dir,
        )
    if settings.telegram_token:
        from bot.adapters.telegram.adapter import TelegramAdapter

        chosen["telegram"] = TelegramAdapter(
            aion.dispatch,
            settings.telegram_token.get_secret_value().strip(),
            api_base=settings.telegram_api_base,
            webhook=_webhook(settings),
        )
    if not chosen:
        raise Unavailable("run.no_token")
    return chosen


def _webhook(settings: Settings) -> Webhook | None:
    from bot.adapters.telegram.webhook import Webhook

    url = settings.telegram_webhook_url
    return Webhook(url, settings.telegram_webhook_host, settings.telegram_webhook_port) if url else None


async def run_platforms() -> None:
    """Run until SIGTERM or SIGINT. Raises the ``UserError`` of the first adapter that gives up."""
    settings = read_settings()
    opening = tracing(settings.otlp_endpoint, "aion")
    async with opening, assemble(settings, load_plugins()) as aion:
        set_up_logging(settings, aion.secrets)
        chosen = adapters(aion, settings)
        policy = WatchdogPolicy(deaf_after_s=settings.deaf_after_s, check_every_s=min(5.0, settings.deaf_after_s / 4))
        stopping = _stop_on_signals()
        try:
            async with asyncio.TaskGroup() as group:
                watches = [AdapterWatch(name, adapter, policy) for name, adapter in chosen.items()]
                tasks = [group.create_task(watch.run()) for watch in watches]
                tasks.append(group.create_task(guard_loop(policy), name="guard"))
                tasks.append(group.create_task(aion.webhooks.run(), name="webhooks"))
                tasks.append(group.create_task(aion.reembedding.run_in_background(), name="change over"))
                commands = serve_commands(aion, settings.data_dir)
                tasks.append(group.create_task(commands, name="control socket"))
                tasks.append(warming := group.create_task(aion.warm(), name="warm"))
                if settings.health_port:
                    heartbeat = Heartbeat()
                    tasks.append(group.create_task(heartbeat.run(), name="heartbeat"))
                    serving = _health(aion, watches, heartbeat, warming, settings)
                    tasks.append(group.create_task(serving, name="health"))
                await aion.scheduler.start()
                log.info("running: %s", ", ".join(chosen))
                await stopping.wait()
                log.info("stopping")
                for task in tasks:
                    task.cancel()
        except* UserError as group_error:
            raise _first_error(group_error) from None
        finally:
            await aion.scheduler.stop()


async def _health(
    aion: Aion,
    watches: Sequence[AdapterWatch],
    heartbeat: Heartbeat,
    warming: asyncio.Task[None],
    settings: Settings,
) -> None:
    from bot.delivery.tasks import TaskSet
    from bot.web.app import GRACE_S, create_app, serve
    from bot.web.bearer_token import is_loopback
    from bot.web.health import health_router
    from bot.web.metrics import metrics_router
    from bot.web.programs import programs_router

    routers = [health_router(aion, watches, heartbeat, warming.done), programs_router(aion.programs)]
    metrics_token = settings.metrics_token and settings.metrics_token.get_secret_value().strip()
    if metrics_token or is_loopback(settings.health_host):
        router = metrics_router(aion.metrics, aion.figures, watches, heartbeat, warming.done, metrics_token or None)
        routers.append(router)
    else:
        log.info("no /metrics: it needs AION_METRICS_TOKEN where AION_HEALTH_HOST is not this machine alone")
    if token := settings.admin_token and settings.admin_token.get_secret_value().strip():
        from bot.web.admin import admin_router

        routers.append(admin_router(aion.services.reviews, token))
    from bot.web.dashboard.platform_sign_in.routes import platforms_of
    from bot.web.dashboard.roles import PlatformRoles
    from bot.web.dashboard.router import dashboard_router

    tasks = TaskSet("dashboard")
    roles = PlatformRoles({watch.name: watch.adapter for watch in watches})
    routers.append(dashboard_router(aion, roles, tasks, platforms=platforms_of(settings)))
    log.info("dashboard: %s/dashboard", settings.dashboard_address)
    app = create_app(routers)
    try:
        await serve(app, settings.health_host, settings.health_port, lambda url: log.info("health: %s/health", url))
    finally:
        await tasks.finish(GRACE_S)


def _first_error(group: BaseExceptionGroup[UserError]) -> UserError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, UserError):
        return error
    raise error


def _stop_on_signals() -> asyncio.Event:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    return stopping
