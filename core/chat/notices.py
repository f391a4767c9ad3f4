"""Notices: messages that answer no message, to a space's moderators or to somebody whose question was passed on.

A notice is put in the inbox as a reply without a question, so it survives the process and is shown once: the adapter
finds it among the unfinished and delivers it to the conversation it names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from core.chat.channels import Channels
from core.storage.delivery.inbox import Inbox
from core.storage.spaces import Spaces
from core.types import Language, Message, Person, Platform, Reply, SpaceId
from core.types.delivery import NOTICE

AION = Person("aion", "AION")


class Notices:
    """Sends notices. ``default_language`` is for spaces that have chosen none."""

    def __init__(self, inbox: Inbox, channels: Channels, spaces: Spaces, default_language: Language) -> None:
        self._inbox = inbox
        self._channels = channels
        self._spaces = spaces
        self._default_language = default_language

    async def tell_moderators(self, space: SpaceId, key: str, compose: Callable[[Language], Reply]) -> bool:
        """Send the reply of ``compose`` to the moderators' channel, once for ``key``; ``False``: there is none."""
        conversation = await self._channels.moderators(space)
        if conversation is None:
            return False
        await self.tell(space, conversation, key, compose(await self.language(space)))
        return True

    async def tell(
        self, space: SpaceId, conversation: str, key: str, reply: Reply, address: Mapping[str, str] | None = None
    ) -> bool:
        """Show a reply in a conversation of the space, once for ``key``; return whether it is new.

        ``address`` is of what it answers.
        """
        platform = cast(Platform, space.split(":", 1)[0])
        message = Message(
            f"{NOTICE}:{key}", platform, space, conversation, AION, "", address={**(address or {}), NOTICE: key}
        )
        return await self._inbox.post(message, reply)

    async def language(self, space: SpaceId) -> Language:
        """Return the language to speak to a whole space in."""
        spoken = await self._spaces.language(space)
        return self._default_language if spoken == "each" else spoken
