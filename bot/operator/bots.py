"""The bots of a process: the adapter of each platform whose token is set, and who leads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import SecretStr

from bot.replicas.instance_id import read_instance_id
from bot.replicas.leadership import Leadership, lease_name
from bot.watchdog import Adapter, AdapterWatch, WatchdogPolicy
from core.assembly.aion import Aion
from core.errors import Unavailable
from core.offload import offload
from core.settings import Settings
from core.types import Platform

if TYPE_CHECKING:
    from bot.adapters.telegram.webhook import Webhook


@dataclass(frozen=True, slots=True)
class Bot:
    """One bot on one platform; without a ``leadership`` no other process can have its messages."""

    watch: AdapterWatch
    leadership: Leadership | None

    async def run(self) -> None:
        """Serve until cancelled. Raises ``Unavailable`` when no restart helps, or another process leads."""
        if self.leadership is None:
            await self.watch.run()
        else:
            await self.leadership.insist(self.watch.run)

    async def stand_by(self) -> None:
        """Serve whenever no other process leads, until cancelled. Raises ``Unavailable`` when no restart helps."""
        if self.leadership is None:
            await self.watch.run()
        else:
            await self.leadership.stand_by(self.watch.run)


def watchdog_policy(settings: Settings) -> WatchdogPolicy:
    """Return how soon a silent platform is connected anew."""
    return WatchdogPolicy(deaf_after_s=settings.deaf_after_s, check_every_s=min(5.0, settings.deaf_after_s / 4))


async def open_bots(aion: Aion, settings: Settings, policy: WatchdogPolicy) -> Sequence[Bot]:
    """Return the bots whose token is set, led under a lease where several processes can share the database.

    Raises ``Unavailable`` when there is none.
    """
    adapters, tokens = _adapters(aion, settings), _tokens(settings)
    if not settings.database_address:
        return [Bot(AdapterWatch(platform, adapter, policy), None) for platform, adapter in adapters.items()]
    holder = await offload(read_instance_id, settings.data_dir)
    leases, inbox, taken_over = aion.stores.leases, aion.stores.inbox, aion.dispatch.limits.take_over
    return [
        Bot(
            AdapterWatch(platform, adapter, policy),
            Leadership(leases, inbox, platform, lease_name(platform, tokens[platform]), holder, taken_over=taken_over),
        )
        for platform, adapter in adapters.items()
    ]


def _tokens(settings: Settings) -> Mapping[Platform, str]:
    set_: dict[Platform, SecretStr | None] = {"discord": settings.discord_token, "telegram": settings.telegram_token}
    return {platform: token.get_secret_value().strip() for platform, token in set_.items() if token}


def _adapters(aion: Aion, settings: Settings) -> Mapping[Platform, Adapter]:
    chosen: dict[Platform, Adapter] = {}
    tokens = _tokens(settings)
    if "discord" in tokens:
        from bot.adapters.discord.adapter import DiscordAdapter

        chosen["discord"] = DiscordAdapter(
            aion.dispatch,
            tokens["discord"],
            api_base=settings.discord_api_base,
            gateway_url=settings.discord_gateway_url,
            moderator_role=settings.moderator_role,
            state_dir=settings.data_dir,
            shards=settings.discord_shards,
        )
    if "telegram" in tokens:
        from bot.adapters.telegram.adapter import TelegramAdapter

        chosen["telegram"] = TelegramAdapter(
            aion.dispatch,
            tokens["telegram"],
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
