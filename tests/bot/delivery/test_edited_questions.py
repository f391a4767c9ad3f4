"""What is remembered of answers, in case their questions are edited, is forgotten again."""

from __future__ import annotations

import gc
import weakref
from typing import Any, cast

from bot.delivery.backlog import Backlog
from bot.delivery.edited_questions import REMEMBER_S, EditedQuestions
from core.types import Message, Person, SpaceId
from tests.fakes import MemoryInbox, MemoryJournal


class Outlet:
    """Stands for what an answer holds on to."""


def question(n: int) -> Message:
    return Message(f"discord:{n}", "discord", SpaceId("discord:1"), "1", Person("discord:2", "Ana"), "When?")


async def test_an_answer_is_let_go_when_its_question_can_no_longer_be_edited() -> None:
    now_s = 0.0
    revisions = EditedQuestions(MemoryInbox(), cast(Backlog, None), lambda: now_s)
    outlet = Outlet()
    alive = weakref.ref(outlet)
    revisions.note(question(1), cast(Any, outlet), MemoryJournal())
    del outlet
    revisions.note(question(2), cast(Any, Outlet()), MemoryJournal())
    gc.collect()
    assert alive() is not None
    now_s = REMEMBER_S + 1
    revisions.note(question(3), cast(Any, Outlet()), MemoryJournal())
    gc.collect()
    assert alive() is None
