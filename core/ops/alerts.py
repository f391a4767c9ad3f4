"""Alerts on workers and backups, to the log and to moderators."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from core.chat.channels import Channels
from core.chat.notices import Notices
from core.storage.alerts import LastAlerts
from core.storage.delivery.webhooks import Webhooks
from core.texts import say, say_markdown
from core.types import GLOBAL, CommunityEvent, Language, Reply, SpaceId

log = logging.getLogger(__name__)

PLATFORMS = ("discord", "telegram")


class Alerts(Protocol):
    """Sends alerts. ``key`` names a sentence of the catalogue, ``values`` fill its gaps."""

    async def alert(self, subject: str, key: str, **values: str) -> None:
        """Send an alert, unless the last one about the same ``subject`` (``worker:colab``) has the same ``key``."""
        ...


class ModeratorAlerts:
    """Writes alerts to the log and to moderators' channels, each once per change, also through a restart.

    ``space`` names the one community whose moderators are told; empty: every one that has a channel for them.
    """

    def __init__(self, last: LastAlerts, notices: Notices, channels: Channels, space: str = "") -> None:
        self._last = last
        self._notices = notices
        self._channels = channels
        self._space = SpaceId(space.strip())

    async def alert(self, subject: str, key: str, **values: str) -> None:
        """Send an alert, once per change."""
        if not await self._last.raise_once(subject, key, values):
            return
        log.warning("%s", say("en", key, **values))
        notice = f"{subject}:{datetime.now(UTC).isoformat()}"
        for space in await self._spaces():
            if not await self._notices.tell_moderators(space, notice, partial(_alert_reply, key, values)):
                log.warning("%s has no moderators' channel: nobody was told", space)

    async def _spaces(self) -> Sequence[SpaceId]:
        if self._space:
            return (self._space,)
        return [space for platform in PLATFORMS for space in await self._channels.moderated(platform)]


class OperatorAlerts:
    """Writes alerts on backups to the log, each once until these are well again; ``space``, if any, names who is told.

    What concerns the machine alone is no business of every community's moderators; webhooks of the global space are
    the operator's.
    """

    def __init__(self, last: LastAlerts, notices: Notices, space: str, webhooks: Webhooks) -> None:
        self._last = last
        self._notices = notices
        self._space = SpaceId(space.strip())
        self._webhooks = webhooks

    async def alert(self, subject: str, key: str, **values: str) -> None:
        """Send an alert, once until ``settle``."""
        if not await self._last.raise_once(subject, key, values):
            return
        log.error("%s", say("en", key, **values))
        for space in {GLOBAL, self._space} - {SpaceId("")}:
            await self._webhooks.post(space, CommunityEvent("backup.overdue", values))
        if self._space:
            notice = f"{subject}:{datetime.now(UTC).isoformat()}"
            await self._notices.tell_moderators(self._space, notice, partial(_alert_reply, key, values))

    async def settle(self, subject: str) -> None:
        """Note that a subject is well: the next alert about it is sent again."""
        await self._last.forget(subject)


def _alert_reply(key: str, values: Mapping[str, str], language: Language) -> Reply:
    return Reply(say_markdown(language, key, **values), language)
