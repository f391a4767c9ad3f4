"""Notices: messages that answer no message, to a space's moderators or to somebody whose question was passed on.

A notice is put in the inbox as a reply without a question, so it survives the process and is shown once: the adapter
finds it among the unfinished and delivers it to the conversation it names. Of what only some may read, a moderators'
channel that others read too is told where it waits, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from core.chat.audiences import Audiences
from core.chat.channel_name import audience_name
from core.chat.channels import Channels
from core.storage.delivery.inbox import Inbox
from core.storage.spaces import Spaces
from core.texts import say_markdown
from core.types import Language, Message, Person, Platform, Reply, SpaceId, community_of
from core.types.delivery import NOTICE

AION = Person("aion", "AION")


class Notices:
    """Sends notices. ``default_language`` is for spaces that have chosen none.

    Without ``audiences``, places are taken to read what everyone may read alone.
    """

    def __init__(
        self,
        inbox: Inbox,
        channels: Channels,
        spaces: Spaces,
        default_language: Language,
        audiences: Audiences | None = None,
    ) -> None:
        self._inbox = inbox
        self._channels = channels
        self._spaces = spaces
        self._default_language = default_language
        self._audiences = audiences or Audiences(spaces)

    async def tell_moderators(self, space: SpaceId, key: str, compose: Callable[[Language], Reply]) -> bool:
        """Send the reply of ``compose`` to the moderators' channel, once for ``key``; ``False``: there is none."""
        conversation = await self._channels.moderators(space)
        if conversation is None:
            return False
        language = await self.language(space)
        scope = await self._audiences.scope(community_of(space), conversation)
        reply = compose(language) if space in scope.readable else _elsewhere(space, language)
        await self.tell(space, conversation, key, reply)
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


def _elsewhere(space: SpaceId, language: Language) -> Reply:
    return Reply(say_markdown(language, "audience.waits_elsewhere", audience=audience_name(space, language)), language)
