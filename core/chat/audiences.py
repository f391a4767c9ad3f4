"""Which audiences a place may read, as its platform tells at the moment of each read; and for whom something is taught.

A place may read an audience (``core.types.scope``) where everybody who can read the place may read what that audience
may: its platform compares them as they are now, so nothing needs telling when a channel or a role changes. Where no
platform tells, a place reads what is its own and what everyone of its community may read.
"""

from __future__ import annotations

import re

from core.errors import BadInput
from core.ports import AudienceJudge
from core.storage.spaces import Spaces
from core.types import Message, Platform, Scope, SpaceId, community_of, space_of_readers

_EVERYONE, _HERE = ("everyone", "todos"), ("here", "aqui")
_SEPARATOR = re.compile(r"[\s,+]+")
_MENTION = re.compile(r"<(?P<kind>#|@&)(?P<id>[0-9]{1,20})>")
_PREFIXES = {"#": "channel", "@&": "role"}


class Audiences:
    """The audiences of every community, read through each platform's judge."""

    def __init__(self, spaces: Spaces) -> None:
        self._spaces = spaces
        self._judges: dict[str, AudienceJudge] = {}

    def judge(self, platform: Platform, judge: AudienceJudge) -> None:
        """Have ``judge`` tell what places of a platform may read, in place of the one before."""
        self._judges[platform] = judge

    async def scope(self, space: SpaceId, conversation: str) -> Scope:
        """Return what may be read in a conversation whose own space, or whose community, is ``space``."""
        judge = self._judges.get(space.partition(":")[0])
        if judge is None:
            return Scope(space)
        known = await self._spaces.audiences(space)
        return Scope(space, judge.readable(conversation, [each for each in known if each != space]) if known else ())

    async def taught(self, message: Message, typed: str) -> SpaceId:
        """Return the space that what ``message`` teaches is kept in, for the audience that was ``typed``.

        ``everyone``, ``here``, or channels and roles as they are mentioned. Raises ``BadInput`` on anything else, and
        for an audience that not everybody who reads this conversation belongs to.
        """
        words = typed.strip().lower()
        if not words or words in _HERE:
            return message.space
        if words in _EVERYONE:
            return community_of(message.space)
        try:
            space = space_of_readers(message.space, map(_reader, _SEPARATOR.split(words)))
        except ValueError as error:
            raise BadInput("audience.unknown", given=typed) from error
        judge = self._judges.get(message.platform)
        if space != message.space and (judge is None or not judge.readable(message.conversation, [space])):
            raise BadInput("audience.elsewhere", given=typed)
        return space


def _reader(word: str) -> str:
    """Return a mention as an audience names it; any other word as it is."""
    mention = _MENTION.fullmatch(word)
    return f"{_PREFIXES[mention['kind']]}-{mention['id']}" if mention else word
