from __future__ import annotations

import pytest

from core.chat.private_teaching import PrivateTeaching
from core.commands import Command, may_call
from core.types import Person, SpaceId
from tests.fakes import message

ANA = Person("discord:7", "Ana")
DIRECT, GUILD = SpaceId("discord:dm:7"), SpaceId("discord:7")


async def unused(context: object) -> None: ...


def calls(teaching: PrivateTeaching, space: SpaceId, person: Person = ANA) -> list[str]:
    """Return the permissions that a person has in a space."""
    bound = teaching.bound(message("hello", key="1", person=person, space=space)).person
    wanted = ("everyone", "teacher", "moderator")
    return [each for each in wanted if may_call(bound, Command("index", {}, unused, permission=each))]


def test_nobody_moderates_a_private_chat_and_everybody_teaches_there_a_little() -> None:
    assert calls(PrivateTeaching(), DIRECT) == ["everyone", "teacher"]
    assert calls(PrivateTeaching(), DIRECT, Person("discord:7", "Ana", is_moderator=True)) == ["everyone", "teacher"]
    assert calls(PrivateTeaching("off"), DIRECT) == ["everyone"]
    assert calls(PrivateTeaching("open"), DIRECT) == ["everyone", "teacher", "moderator"]


def test_the_operator_moderates_their_own_private_chat() -> None:
    teaching = PrivateTeaching("off", frozenset({"discord:7"}))
    assert calls(teaching, DIRECT) == ["everyone", "teacher", "moderator"]
    assert calls(teaching, SpaceId("discord:dm:8"), Person("discord:8", "Rui")) == ["everyone"]
    assert teaching.is_unlimited(DIRECT) and not teaching.is_unlimited(SpaceId("discord:dm:8"))


@pytest.mark.parametrize("mode", ["quota", "open", "off"])
def test_in_a_community_the_platform_says_who_moderates(mode: str) -> None:
    teaching = PrivateTeaching(mode, frozenset({"discord:7"}))  # type: ignore[arg-type]
    assert calls(teaching, GUILD) == ["everyone"]
    moderator = Person("discord:8", "Rui", is_moderator=True)
    assert calls(teaching, GUILD, moderator) == ["everyone", "teacher", "moderator"]
