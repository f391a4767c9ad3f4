"""A guest's answer: read from the operator's space, after a status line where it takes long."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from core import question_answering
from core.chat.talk_reply import ReadTalk
from core.markdown import Markdown
from core.question_answering import QuestionAnswering
from core.types import GLOBAL, Language, Reply, Scope, SpaceId
from tests.fakes import message


@dataclass
class SlowTalk:
    """Replies once somebody was told to wait; notes what it may read."""

    told: asyncio.Event = field(default_factory=asyncio.Event)
    shown: list[str] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)

    @property
    def talk(self) -> SlowTalk:
        return self

    async def read(self, scope: Scope, text: str, language: Language) -> ReadTalk:
        self.scopes.append(scope)
        await self.told.wait()
        return ReadTalk(text, "Hello!")

    async def progress(self, text: Markdown) -> None:
        self.shown.append(text)
        self.told.set()

    async def send(self, reply: Reply) -> None:
        self.shown.append(reply.text)


async def test_a_guest_says_that_it_looks_and_reads_what_is_global(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(question_answering, "GUEST_WAIT_S", 0.0)
    both = SlowTalk()
    questions = QuestionAnswering(both, "en", None)  # type: ignore[arg-type]  # a fake of what is used of each
    asked = message("Hello, are you there?", key="1", space=SpaceId("telegram:guest:-7"), others=(SpaceId("x:1"),))
    await questions.answer_guest(asked, both)  # type: ignore[arg-type]  # the same fake, as the outlet
    assert both.shown == ["🔎 Looking it up…", "Hello!"]
    assert both.scopes == [Scope(GLOBAL)]
