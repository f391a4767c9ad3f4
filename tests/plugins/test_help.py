"""``/help``: what everyone may do comes first, then what few may."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.types import Language
from tests.e2e.real_core import core_in
from tests.fakes import MEMBER, MODERATOR, CollectingOutlet, message


@pytest.mark.parametrize(
    ("language", "teachers", "moderators"),
    [("en", "**Whoever may teach me:**", "**Moderators:**"), ("pt", "**Quem pode me ensinar:**", "**Moderação:**")],
)
async def test_commands_are_listed_by_who_may_call_them(
    tmp_path: Path, language: Language, teachers: str, moderators: str
) -> None:
    async with core_in(tmp_path) as aion:
        told = []
        for person in (MEMBER, MODERATOR):
            outlet = CollectingOutlet()
            sent = message("/help", key=person.id, command="help", person=person, locale=language)
            await aion.dispatch.handle(sent, outlet)
            told.append(outlet.text)
    members, all_of_it = told
    assert moderators not in members and "/settings" not in members
    places = [all_of_it.index(each) for each in ("/ask", "/help", teachers, "/index", moderators, "/settings")]
    assert places == sorted(places)
    assert all_of_it.startswith(members.split("\n", 1)[0])
