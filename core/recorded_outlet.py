"""An outlet that stores the reply before it is shown, and closes the message once it was."""

from __future__ import annotations

import logging
from datetime import timedelta

from core.errors import DeliveryPostponed, PrivateChatClosed
from core.markdown import Markdown
from core.ports import Outlet
from core.storage.delivery.inbox import Inbox
from core.texts import explain_markdown
from core.types import Message, Reply, SpaceId

log = logging.getLogger(__name__)

OUTAGE_S = 2.0
"""Seconds after which a message is worked on again for which the database could not be reached, once it can."""


class RecordedOutlet:
    """The outlet of an accepted message; a crash loses nothing of its reply (``core.ports.Outlet``)."""

    def __init__(self, outlet: Outlet, inbox: Inbox, message: Message) -> None:
        self._outlet = outlet
        self._inbox = inbox
        self._message = message
        self._is_postponed = False

    async def progress(self, text: Markdown) -> None:
        """Show a passing status line."""
        await self._outlet.progress(text)

    async def partial(self, text: Markdown) -> None:
        """Show the answer as written so far."""
        await self._outlet.partial(text)

    async def send(self, reply: Reply) -> None:
        """Store the reply in the inbox, then deliver it.

        One that says that the database cannot be reached is left out where the message is stored: it stays open, and is
        worked on again. Files would be lost by then.
        """
        if reply.outage and self._inbox.is_stored(self._message) and not self._message.attachments:
            return await self._postpone(DeliveryPostponed("the database cannot be reached", OUTAGE_S))
        await self._inbox.answer(self._message, reply)
        await self.deliver(reply)

    async def deliver(self, reply: Reply) -> None:
        """Deliver a stored reply; where the platform takes it only later, set when it is due.

        A private one without a place is kept for its person, who is told here how to open one.
        """
        try:
            await self._outlet.send(reply)
        except DeliveryPostponed as postponed:
            await self._postpone(postponed)
        except PrivateChatClosed as closed:
            if closed.space:
                await self._inbox.hold(SpaceId(closed.space), self._message, reply)
            await self._tell_where(Reply(explain_markdown(reply.language, closed), reply.language))

    async def _tell_where(self, told: Reply) -> None:
        try:
            await self._outlet.send(told)
        except DeliveryPostponed as postponed:
            await self._postpone(postponed)
        except PrivateChatClosed:
            log.warning("%s: nobody could be told that a private reply waits", self._message.key)

    async def _postpone(self, postponed: DeliveryPostponed) -> None:
        log.info("%s is answered in %.0f s: %s", self._message.key, postponed.retry_after_s, postponed)
        self._is_postponed = True
        await self._inbox.postpone(self._message, timedelta(seconds=postponed.retry_after_s))

    async def close(self) -> None:
        """Close the message in the inbox, unless its delivery was postponed."""
        if not self._is_postponed:
            await self._inbox.close(self._message)
