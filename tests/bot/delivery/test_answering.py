"""Every kind of message takes the same way: accepted, journalled, streamed, handled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import cast

from bot.delivery.answering import MessageHandler
from bot.delivery.post import Capabilities, RenderedMessage
from bot.delivery.split import utf16_units
from bot.delivery.tasks import TaskSet
from core.ports import AdapterApi, Outlet
from core.types import Message, Person, Reply, SpaceId
from core.types.delivery import DeliveredPart, UnfinishedMessage
from tests.fakes import MEMBER, MemoryInbox, Unlimited

SPACE = SpaceId("telegram:-1")


def question(text: str = "When?", **rest: object) -> Message:
    return Message("telegram:-1:1", "telegram", SPACE, "1", Person("telegram:2", "Ana"), text, **rest)  # type: ignore[arg-type]


class ChatPost:
    """A chat that keeps what it shows."""

    capabilities = Capabilities(100, utf16_units, 0.0, 60.0)

    def __init__(self) -> None:
        self.shown: dict[int, str] = {}

    def render(self, markdown: str) -> str:
        return markdown

    async def typing(self) -> None: ...

    async def admit(self, rendered: RenderedMessage) -> None: ...

    def in_flight(self) -> AbstractAsyncContextManager[object]:
        return nullcontext()

    async def send(self, rendered: RenderedMessage, index: int) -> int:
        self.shown[index] = rendered.text
        return index

    async def edit(self, handle: int, rendered: RenderedMessage) -> None:
        self.shown[handle] = rendered.text

    async def delete(self, handle: int) -> None:
        del self.shown[handle]

    def serialize(self, handle: int) -> str:
        return str(handle)

    def restore(self, name: str) -> int:
        return int(name)

    def can_resend(self, index: int) -> bool:
        return False


class ClosingInbox(MemoryInbox):
    """Knows what was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.closed: list[str] = []

    async def close(self, message: Message) -> None:
        await super().close(message)
        self.closed.append(message.key)


@dataclass
class EchoApi(Unlimited):
    """A core that answers a message with its own words and number of files, as soon as it may ``go_on``."""

    settles: bool = False
    inbox: ClosingInbox = field(default_factory=ClosingInbox)
    handled: list[Message] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, message: Message, outlet: Outlet) -> None:
        self.handled.append(message)
        await outlet.partial("…")
        await self.go_on.wait()
        await outlet.send(Reply(f"{message.text} {len(message.attachments)}", "en", settles=self.settles))

    async def resume(self, unfinished: UnfinishedMessage, outlet: Outlet) -> None:
        await outlet.send(Reply(f"{unfinished.message.text} again", "en"))
        await self.inbox.close(unfinished.message)


@asynccontextmanager
async def handling(api: EchoApi, post: ChatPost) -> AsyncIterator[tuple[MessageHandler, TaskSet]]:
    tasks = TaskSet("Telegram")
    try:
        yield MessageHandler(cast(AdapterApi, api), "telegram", tasks, lambda message: post), tasks
    finally:
        await tasks.finish(0)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_message_is_accepted_before_it_is_handled_and_never_handled_twice() -> None:
    api, post, accepted = EchoApi(), ChatPost(), []
    async with handling(api, post) as (messages, _):
        first = asyncio.create_task(messages.answer(question(), post, accepted=lambda: accepted.append(1)))
        await settle()
        assert accepted == [1]  # though nothing is answered so far
        assert not await messages.answer(question(), post, accepted=lambda: accepted.append(2))
        api.go_on.set()
        await first
        await messages.answer(question(), post, accepted=lambda: accepted.append(3))
    assert len(api.handled) == 1
    assert accepted == [1, 2, 3]
    assert post.shown == {0: "When? 0"}


async def test_a_message_is_completed_once_it_is_accepted() -> None:
    api, post = EchoApi(), ChatPost()
    api.go_on.set()

    async def prepare() -> Message:
        assert (SPACE, question().key) in api.inbox.seen
        return replace(question(), text="And with files?")

    async with handling(api, post) as (messages, _):
        await messages.answer(question(), post, prepare=prepare)
    assert post.shown == {0: "And with files? 0"}


async def test_where_nobody_is_left_to_answer_the_message_is_closed() -> None:
    api, post = EchoApi(), ChatPost()

    async def prepare() -> None:
        return None

    async with handling(api, post) as (messages, _):
        assert not await messages.answer(question(), post, prepare=prepare)
    assert (api.handled, api.inbox.closed, post.shown) == ([], [question().key], {})


async def test_a_reply_says_whether_the_buttons_are_of_no_more_use() -> None:
    for settles in (True, False):
        api, post = EchoApi(settles), ChatPost()
        api.go_on.set()
        async with handling(api, post) as (messages, _):
            assert await messages.answer(question(command="human"), post) is settles


async def test_an_edit_replaces_the_answer_that_is_being_written() -> None:
    api, post, accepted = EchoApi(), ChatPost(), []
    async with handling(api, post) as (messages, tasks):
        first = tasks.start(_discarding(messages, question(), post))
        await settle()
        assert post.shown == {0: "…"}
        api.go_on.set()
        await messages.answer_edited(question("Where?"), post, accepted=lambda: accepted.append(1))
        assert first.done()
    assert post.shown == {0: "Where? 0"}
    assert accepted == [1]


async def _discarding(messages: MessageHandler, message: Message, post: ChatPost) -> None:
    await messages.answer(message, post)


async def test_an_edit_of_what_was_not_answered_lately_changes_nothing() -> None:
    api, post, accepted = EchoApi(), ChatPost(), []
    async with handling(api, post) as (messages, _):
        await messages.answer_edited(question("Where?"), post, accepted=lambda: accepted.append(1))
    assert (api.handled, post.shown, accepted) == ([], {}, [1])


async def test_what_an_earlier_process_left_goes_on_where_it_stopped() -> None:
    api, post = EchoApi(), ChatPost()
    post.shown = {0: "Whe"}
    api.inbox.left = [UnfinishedMessage(question(), None, (DeliveredPart(0, "0"),), False, 1)]
    async with handling(api, post) as (messages, _):
        messages.start_backlog()
        await settle()
    assert post.shown == {0: "When? again"}
    assert api.inbox.closed == [question().key]


async def test_a_fixed_reply_is_sent_once() -> None:
    api, post = EchoApi(), ChatPost()
    async with handling(api, post) as (messages, _):
        await messages.reply_once(SPACE, MEMBER, "telegram:-1:2", post, Reply("Words, please.", "en"))
        post.shown[0] = "changed"
        await messages.reply_once(SPACE, MEMBER, "telegram:-1:2", post, Reply("Words, please.", "en"))
    assert post.shown == {0: "changed"}


async def test_what_was_overheard_is_not_accepted() -> None:
    api, post = EchoApi(), ChatPost()
    api.go_on.set()
    async with handling(api, post) as (messages, _):
        await messages.overhear(question(addressed=False), post)
    assert api.inbox.seen == set()
    assert post.shown == {0: "When? 0"}


class FullApi(EchoApi):
    """A core that told everybody that they are over a limit."""

    def is_silenced(self, space: SpaceId, person: Person) -> bool:
        return True

    def admit_press(self, space: SpaceId, person: Person) -> bool:
        return False


async def test_of_who_is_over_a_limit_and_was_told_nothing_is_stored_shown_or_prepared() -> None:
    api, post, steps = FullApi(), ChatPost(), list[str]()

    async def prepare() -> Message | None:
        raise AssertionError("prepared")

    async with handling(api, post) as (messages, _):
        said = question()
        assert not await messages.answer(said, post, accepted=lambda: steps.append("accepted"), prepare=prepare)
        await messages.answer_edited(said, post, accepted=lambda: steps.append("accepted"))
        await messages.reply_once(SPACE, MEMBER, "telegram:-1:2", post, Reply("Words, please.", "en"))
        await settle()
    assert steps == ["accepted"] * 2
    assert not (api.handled or api.inbox.seen or post.shown)
