"""Messages reach cores over loopback; what happens to a core on the way costs nobody an answer, nor brings two."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

import httpx
import pytest

from bot.replicas import remote_call
from bot.replicas.core_addresses import CoreAddresses
from bot.replicas.core_cluster import ClusterPace, CoreCluster
from bot.replicas.core_routes import core_router
from bot.replicas.message_call import OpenCalls
from bot.replicas.remote_call import RemoteCall
from bot.web.app import create_app, serve
from core.errors import BadInput, Unavailable
from core.markdown import Markdown
from core.ports import Outlet
from core.types import File, Message, PostedMessage, Reply
from core.types.messages import Nearby
from tests.fakes import MEMBER, CollectingOutlet, attachment, message

TOKEN = "made-up-token"
QUICK = ClusterPace(rest_s=0.05, look_s=0.01, patience_s=0.2)
Work = Callable[[Message, Outlet], Awaitable[None]]


@dataclass
class Scripted:
    """A processor that does as it is told, and remembers which messages it was given."""

    work: Work
    seen: list[str] = field(default_factory=list)

    async def process(self, message: Message, outlet: Outlet) -> None:
        self.seen.append(message.key)
        await self.work(message, outlet)

    process_unaddressed = process


async def answer(message: Message, outlet: Outlet) -> None:
    await outlet.progress(Markdown("Reading …"))
    await outlet.partial(Markdown(message.text[:4]))
    await outlet.send(Reply(Markdown(message.text), "en", files=(File("map.png", b"\x89PNG"),)))


@asynccontextmanager
async def core(
    work: Work, calls: OpenCalls | None = None, token: str | None = TOKEN
) -> AsyncIterator[tuple[str, Scripted]]:
    """Serve one core; yield its address and its processor."""
    processor = Scripted(work)
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    app = create_app([core_router(processor, calls or OpenCalls(8), token)])
    serving = asyncio.create_task(serve(app, "127.0.0.1", 0, url.set_result))
    try:
        yield await url, processor
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


@asynccontextmanager
async def dying_core(*lines: str) -> AsyncIterator[tuple[str, list[str]]]:
    """Serve what begins each reply with these lines and breaks the connection; yield its address and its requests."""
    asked: list[str] = []

    async def die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readline()).decode())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for line in lines:
            data = f"data: {line}\n\n".encode()
            writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(die, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}", asked


@asynccontextmanager
async def cluster(*urls: str, token: str = TOKEN) -> AsyncIterator[CoreCluster]:
    async with httpx.AsyncClient() as client:
        yield CoreCluster(CoreAddresses(",".join(urls)), RemoteCall(client, token), QUICK)


async def test_a_reply_comes_back_as_it_was_sent() -> None:
    outlet = CollectingOutlet()
    async with core(answer) as (url, processor), cluster(url) as cores:
        await cores.process(message("When does it open?", key="1"), outlet)
    assert processor.seen == ["1"]
    assert (outlet.text, outlet.replies[0].files) == ("When does it open?", (File("map.png", b"\x89PNG"),))


async def test_a_core_fetches_what_belongs_to_the_message() -> None:
    async def index(message: Message, outlet: Outlet) -> None:
        data = [await each.read() for each in message.attachments]
        assert message.nearby is not None
        posts = await message.nearby("pins")
        with pytest.raises(BadInput) as raised:
            await message.nearby("thread")
        assert message.others == ("discord:1/channel-2",)
        await outlet.send(Reply(Markdown(f"{data} {posts[0].text} {raised.value.key}"), "en"))

    async def nearby(kind: Nearby) -> tuple[PostedMessage, ...]:
        if kind == "thread":
            raise BadInput("teach.no_thread")
        return (PostedMessage(MEMBER, "Bring towels", "https://example.org/1"),)

    sent = message("", key="1", attachments=(attachment("a.md", b"one"), attachment("b.md", b"two")), nearby=nearby)
    outlet = CollectingOutlet()
    async with core(index) as (url, _), cluster(url) as cores:
        await cores.process(replace(sent, others=("discord:1/channel-2",)), outlet)  # type: ignore[arg-type]  # SpaceId
    assert outlet.text == "[b'one', b'two'] Bring towels teach.no_thread"


async def test_a_core_that_dies_in_the_middle_is_replaced() -> None:
    outlet = CollectingOutlet()
    begun = '{"kind": "partial", "value": "Half an ans"}'
    async with dying_core(begun) as (dead, asked), core(answer) as (alive, processor), cluster(dead, alive) as cores:
        await cores.process(message("When?", key="1"), outlet)
    assert (len(asked), processor.seen) == (1, ["1"])
    assert outlet.text == "When?"
    assert "Half an ans" in outlet.partials


async def test_what_was_answered_before_a_core_died_is_not_answered_again() -> None:
    outlet = CollectingOutlet()
    told = Reply(Markdown("At six"), "en")
    line = remote_reply(told)
    async with dying_core(line) as (dead, asked), core(answer) as (alive, processor), cluster(dead, alive) as cores:
        await cores.process(message("When?", key="1"), outlet)
    assert (len(asked), processor.seen) == (1, [])
    assert outlet.replies == [told]


def remote_reply(reply: Reply) -> str:
    """Return the event of a reply."""
    from bot.replicas.wire import event
    from core.storage.delivery.message_json import reply_to_json

    return event("reply", reply_to_json(reply)).decode().removeprefix("data: ").strip()


async def test_a_message_that_loses_every_core_is_given_up_with_a_sentence() -> None:
    async with dying_core() as (dead, asked), cluster(dead) as cores:
        with pytest.raises(Unavailable) as raised:
            await cores.process(message("When?", key="1"), CollectingOutlet())
    assert (raised.value.key, len(asked)) == ("core.lost", 3)


async def test_a_silent_core_is_taken_for_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_call, "TIMEOUT", httpx.Timeout(0.2))
    hanging = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hanging.wait()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    outlet = CollectingOutlet()
    async with server, core(answer) as (alive, _), cluster(f"http://{host}:{port}", alive) as cores:
        await cores.process(message("When?", key="1"), outlet)
        hanging.set()
    assert outlet.text == "When?"


async def test_without_any_core_the_person_is_told() -> None:
    async with core(answer) as (gone, _):
        pass
    async with cluster(gone) as cores:
        with pytest.raises(Unavailable) as raised:
            await cores.process(message("When?", key="1"), CollectingOutlet())
    assert raised.value.key == "core.unreachable"


async def test_a_core_with_another_token_is_told_apart_from_a_lost_one() -> None:
    async with core(answer) as (url, processor), cluster(url, token="another") as cores:
        with pytest.raises(Unavailable) as raised:
            await cores.process(message("When?", key="1"), CollectingOutlet())
    assert (raised.value.key, processor.seen) == ("core.wrong_token", [])


async def test_a_full_core_passes_on_and_a_persons_messages_stay_together() -> None:
    may_end = asyncio.Event()

    async def hold(message: Message, outlet: Outlet) -> None:
        await may_end.wait()
        await outlet.send(Reply(Markdown(message.text), "en"))

    outlets = [CollectingOutlet() for _ in range(4)]
    bruno = replace(MEMBER, id="terminal:bruno")
    asked = [message(f"{n}", key=f"{n}", person=who) for n, who in enumerate((MEMBER, MEMBER, bruno, bruno))]
    async with (
        core(hold, OpenCalls(2)) as (one, first),
        core(hold, OpenCalls(2)) as (two, second),
        cluster(one, two) as cores,
    ):
        tasks = [asyncio.create_task(cores.process(*each)) for each in zip(asked, outlets, strict=True)]
        async with asyncio.timeout(10):
            while len(first.seen) + len(second.seen) < 4:  # noqa: ASYNC110 (it is the cores that change)
                await asyncio.sleep(0.01)
        may_end.set()
        await asyncio.gather(*tasks)
    assert sorted([sorted(first.seen), sorted(second.seen)]) == [["0", "1"], ["2", "3"]]
    assert [outlet.text for outlet in outlets] == ["0", "1", "2", "3"]


async def test_a_draining_core_ends_what_it_has_and_takes_on_nothing() -> None:
    may_end, begun = asyncio.Event(), asyncio.Event()

    async def hold(message: Message, outlet: Outlet) -> None:
        begun.set()
        await may_end.wait()
        await outlet.send(Reply(Markdown(message.text), "en"))

    calls, early, late = OpenCalls(8), CollectingOutlet(), CollectingOutlet()
    async with (
        core(hold, calls) as (one, leaving),
        core(answer) as (two, staying),
        cluster(one) as cores,
        cluster(one, two) as both,
    ):
        under_way = asyncio.create_task(cores.process(message("Early", key="1"), early))
        await begun.wait()
        draining = asyncio.create_task(calls.drain(10))
        await asyncio.sleep(0)
        await both.process(message("Late", key="2"), late)
        assert not draining.done()
        may_end.set()
        await under_way
        assert await draining == 0
    assert (early.text, late.text) == ("Early", "Late")
    assert (leaving.seen, staying.seen) == (["1"], ["2"])


async def test_a_gateway_that_goes_ends_the_work_on_its_message() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def hold(message: Message, outlet: Outlet) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    calls = OpenCalls(8)
    async with core(hold, calls) as (url, _), cluster(url) as cores:
        under_way = asyncio.create_task(cores.process(message("When?", key="1"), CollectingOutlet()))
        await begun.wait()
        under_way.cancel()
        async with asyncio.timeout(10):
            await ended.wait()
            while calls.n_open:  # noqa: ASYNC110 (it is the core that changes)
                await asyncio.sleep(0.01)


async def test_what_is_no_message_is_refused() -> None:
    async with core(answer) as (url, processor), httpx.AsyncClient(base_url=url) as client:
        bare = {"message": {}}
        assert (await client.post("/core/messages/1", json=bare)).status_code == 401
        client.headers["Authorization"] = f"Bearer {TOKEN}"
        assert (await client.post("/core/messages/1", json={"message": 1})).status_code == 400
        assert (await client.post("/core/messages/1", json=bare)).status_code == 400
        assert (await client.post("/core/messages/1/needs/1", json={})).status_code == 404
    assert processor.seen == []
