"""Question answering for messages: check the question, detect its language, wait for a turn, answer, deliver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from core.chat.answer_reply import answer_reply
from core.chat.fair_queue import FairQueue
from core.chat.pleasantries import says_something
from core.errors import BadInput
from core.extensions.hooks import AskedQuestion, DeliveredAnswer, HookCaller
from core.generation.draft import Draft
from core.language import detect_language
from core.markdown import sanitise
from core.offload import offload
from core.pipeline import TALK, Consultation, Pipeline, Question
from core.ports import Outlet
from core.texts import language_of_locale, say_markdown
from core.tracing import span
from core.types import GLOBAL, Answer, Language, Message, Person, Reply, SpaceId

MAX_QUESTION_CHARS = 4_000
"""Longer than any platform's message; beyond it a text is a document, and ``/index`` is the place for it."""

N_AT_ONCE = 4
"""Questions searched and judged at a time. More only slow each other down, so that even the first would be late.

Writing an answer and delivering it take longer elsewhere, and are not counted; they keep only the same person's next
question waiting.
"""

GUEST_WAIT_S = 3.0
"""Seconds after which somebody who asks a guest is told that the answer is looked up; platforms allow few more."""


@dataclass(frozen=True, slots=True)
class QuestionAnswering:
    """Answers the questions in messages. ``default_language`` is the hint where a message's locale names none.

    ``hooks`` may change the words of a question, and are told of answers to those who asked AION.
    """

    pipeline: Pipeline
    default_language: Language
    hooks: HookCaller
    queue: FairQueue = field(default_factory=lambda: FairQueue(N_AT_ONCE))

    async def answer(self, message: Message, words: str, outlet: Outlet) -> Answer:
        """Answer a question asked in ``message`` and deliver it. Raises ``BadInput`` when it asks nothing."""
        return await self._answer(message, words, outlet, fresh=False)

    async def answer_afresh(self, message: Message, words: str, outlet: Outlet) -> Answer:
        """Answer as ``answer`` does, but never with an answer that was given before."""
        return await self._answer(message, words, outlet, fresh=True)

    async def answer_unaddressed(self, message: Message, outlet: Outlet) -> None:
        """Answer a question in a message not addressed to AION if the gate is confident; otherwise deliver nothing.

        Raises ``BadInput`` when it asks nothing.
        """
        async with self.queue.turn(message.space, message.person.id):
            answer = await self.pipeline.answer_unaddressed(await self._question(message, message.text))
        if answer is not None:
            await outlet.send(answer_reply(answer))

    async def answer_guest(self, message: Message, outlet: Outlet) -> None:
        """Answer a question where AION is a guest, from the operator's own space alone; nothing of it is recorded.

        Raises ``BadInput`` when it asks nothing.
        """
        question = replace(await self._question(message, message.text), space=GLOBAL, others=(), key=None)
        async with _told_to_wait(outlet, question.language):
            said = await self.pipeline.talk.read(question.scope, question.text, question.language)
            draft = Draft(said.reply, TALK) if said.reply is not None else None
            if draft is None:
                async with self.queue.turn(message.space, message.person.id) as turn:
                    asked = replace(question, text=said.asked)
                    draft = (await self.pipeline.consult(asked, turn.end)).draft
        await outlet.send(Reply(sanitise(draft.text), question.language, sources=draft.sources))

    async def consult(self, space: SpaceId, program: Person, words: str) -> Consultation:
        """Answer a program's question in its turn. Raises ``BadInput`` when it asks nothing."""
        text = readable_question(words)
        language = await offload(detect_language, text, self.default_language)
        async with self.queue.turn(space, program.id) as turn:
            return await self.pipeline.consult(Question(space, program.id, program, text, language), turn.end)

    async def _answer(self, message: Message, words: str, outlet: Outlet, *, fresh: bool) -> Answer:
        async with self.queue.turn(message.space, message.person.id) as turn:
            question = await self._reworded(replace(await self._question(message, words), fresh=fresh))
            answer = await self.pipeline.answer(question, lambda text: outlet.partial(sanitise(text)), turn.end)
            turn.end()  # delivery holds up nobody but the person
            with span("deliver"):
                await outlet.send(answer_reply(answer))
        given = DeliveredAnswer(
            question.space,
            answer.id,
            question.text,
            answer.text,
            answer.used,
            answer.confidence.value,
            answer.language,
        )
        self.hooks.tell("after_answer", given)
        return answer

    async def _reworded(self, question: Question) -> Question:
        text = await self.hooks.before_answer(AskedQuestion(question.space, question.text, question.language))
        return question if text == question.text else replace(question, text=readable_question(text))

    async def _question(self, message: Message, words: str) -> Question:
        text = readable_question(words)
        hint = language_of_locale(message.locale, self.default_language)
        language = await offload(detect_language, text, hint)
        return Question(
            message.space,
            message.conversation,
            message.person,
            text,
            language,
            message.branched_from,
            others=message.others,
            key=message.key,
        )


def readable_question(text: str) -> str:
    """Return the question without surrounding space. Raises ``BadInput`` when it is empty, wordless or too long."""
    question = text.strip()
    if not question:
        raise BadInput("question.empty")
    if len(question) > MAX_QUESTION_CHARS:
        raise BadInput("question.too_long", n_chars=len(question), limit=MAX_QUESTION_CHARS)
    if not says_something(question):
        raise BadInput("question.wordless")
    return question


@asynccontextmanager
async def _told_to_wait(outlet: Outlet, language: Language) -> AsyncIterator[None]:
    """Show that the answer is looked up where the block takes longer than ``GUEST_WAIT_S``."""

    async def tell() -> None:
        await asyncio.sleep(GUEST_WAIT_S)
        await outlet.progress(say_markdown(language, "guest.looking"))

    telling = asyncio.create_task(tell(), name="telling a guest's asker to wait")
    try:
        yield
    finally:
        telling.cancel()
        await asyncio.wait((telling,))
