"""Workers over real sockets: who is there, what is told about it, and who writes when one dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from pydantic import SecretStr

from bot.web.app import create_app, serve
from bot.web.inference import inference_router
from bot.web.inference_service import InferenceService
from core.chat.channels import Channels
from core.chat.notices import Notices
from core.errors import GenerationFailed, Unavailable
from core.generation.providers.errors import FailureKind, ProviderFailed
from core.generation.providers.ledger import Ledger
from core.generation.providers.status import ProviderStatusService
from core.ops.alerts import ModeratorAlerts
from core.ops.remote_workers import RemoteWorker, RemoteWorkers, open_workers, read_workers
from core.ops.worker_status import WorkerStatusList
from core.storage.alerts import LastAlerts
from core.storage.database import Database
from core.storage.delivery.inbox import Inbox
from core.storage.spaces import Spaces
from core.types import Platform, PromptTurn, Sampling, SpaceId
from tests.fakes import TickingGenerator
from tests.providers import Canned, ProviderServer, delta, fails, streamed

TOKEN = "made-up-worker-token"
PROMPT = (PromptTurn("user", "When do you open?"),)


class Heard:
    """Alerts, kept."""

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, str]]] = []

    async def alert(self, subject: str, key: str, **values: str) -> None:
        self.said.append((key, values))

    def take(self) -> list[str]:
        said = [" ".join((key, *values.values())) for key, values in self.said]
        self.said.clear()
        return said


class Machine:
    """A machine that runs the inference service, and can be switched off and on at the same address."""

    def __init__(self, model: TickingGenerator | None = None, token: str | None = TOKEN) -> None:
        self.model = model or TickingGenerator("from a worker")
        self.token = token
        self.url = ""

    async def start(self) -> None:
        started = asyncio.get_running_loop().create_future()
        app = create_app([inference_router(InferenceService(self.model, max_open=1), self.token)])
        port = int(self.url.rpartition(":")[2]) if self.url else 0
        self.task = asyncio.create_task(serve(app, "127.0.0.1", port, started.set_result))
        self.url = await started

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])


@asynccontextmanager
async def machines(n: int = 1, **options) -> AsyncIterator[list[Machine]]:
    made = [Machine(TickingGenerator(f"from worker {i}", model=f"model-{i}"), **options) for i in range(n)]
    for machine in made:
        await machine.start()
    try:
        yield made
    finally:
        for machine in made:
            await machine.stop()


@asynccontextmanager
async def pool(*urls: str, token: str | None = TOKEN, **options) -> AsyncIterator[tuple[RemoteWorkers, Heard]]:
    names = ("colab", "kaggle", "friend")
    async with httpx.AsyncClient(trust_env=False) as client:
        text = ",".join(f"{name}={url}" for name, url in zip(names, urls, strict=False))
        heard = Heard()
        yield RemoteWorkers(read_workers(text, SecretStr(token) if token else None, client), heard, **options), heard


async def text_of(worker: RemoteWorker) -> str:
    return "".join([piece.text async for piece in worker.stream(PROMPT, Sampling())])


async def test_a_worker_says_what_it_serves_and_writes() -> None:
    async with machines() as (machine,), pool(machine.url) as (workers, heard):
        assert not workers.online()  # nobody knows yet
        await workers.check()
        (worker,) = workers.online()
        assert (worker.name, worker.model, worker.style, worker.context_tokens) == ("colab", "model-0", "full", 2048)
        assert worker.languages == {"en", "pt"}
        assert await text_of(worker) == "from worker 0"
        assert machine.model.last == (PROMPT, Sampling())
        assert heard.take() == ["workers.online colab model-0"]


async def test_a_change_is_told_once_and_says_what_to_do() -> None:
    async with machines(2) as (colab, kaggle), pool(colab.url, kaggle.url) as (workers, heard):
        await workers.check()
        assert heard.take() == ["workers.online colab model-0", "workers.online kaggle model-1"]
        await kaggle.stop()
        for _ in range(3):
            await workers.check()
        assert heard.take() == ["workers.taken_over kaggle colab"]
        await colab.stop()
        for _ in range(3):
            await workers.check()
        assert heard.take() == ["workers.start_other colab kaggle"]
        await kaggle.start()
        for _ in range(3):
            await workers.check()
        assert heard.take() == ["workers.online kaggle model-1"]
        assert [worker.name for worker in workers.online()] == ["kaggle"]
        await colab.start()


async def test_a_worker_alone_is_to_be_started_again() -> None:
    async with pool("http://127.0.0.1:9") as (workers, heard):
        await workers.check()
        assert heard.take() == ["workers.offline colab"]


@pytest.mark.parametrize("token", [None, "another-token"])
async def test_a_wrong_token_is_told_as_such(token: str | None) -> None:
    async with machines() as (machine,), pool(machine.url, token=token) as (workers, heard):
        await workers.check()
        assert not workers.online()
        assert heard.take() == ["workers.refused colab"]


async def test_a_worker_without_a_token_needs_none() -> None:
    async with machines(token=None) as (machine,), pool(machine.url, token=None) as (workers, _):
        await workers.check()
        assert await text_of(workers.online()[0]) == "from worker 0"


@pytest.mark.parametrize(
    "health",
    [
        fails(200, "<html>ngrok: this tunnel is gone</html>"),
        fails(200, {"status": "ok"}),
        fails(200, {"status": "starting", "model": "x"}),
        fails(200, {"status": "ok", "model": "x", "languages": "all"}),
        fails(302, "", {"location": "http://127.0.0.1:9/"}),
        fails(502, "bad gateway"),
        Canned((b'{"status": "ok", ',), headers={"content-type": "application/json"}),
        Canned((b"x" * 1_000_000,), headers={"content-type": "application/json"}),
        Canned((), is_cut=True),
    ],
)
async def test_whatever_else_answers_there_is_no_worker(health: Canned) -> None:
    async with ProviderServer(health) as server, pool(server.url.removesuffix("/v1")) as (workers, heard):
        await workers.check()
        assert not workers.online()
        assert heard.take() == ["workers.offline colab"]


HEALTHY = fails(200, {"status": "ok", "model": "m", "languages": ["en", "pt"]})


async def test_one_that_dies_is_left_out_at_once_looked_at_and_told() -> None:
    async with machines(2) as (colab, kaggle), pool(colab.url, kaggle.url, every_s=600) as (workers, heard):
        watching = asyncio.create_task(workers.watch())
        async with asyncio.timeout(20):
            while len(workers.online()) < 2:  # noqa: ASYNC110 (another task finds them)
                await asyncio.sleep(0.01)
            await colab.stop()
            with pytest.raises(ProviderFailed):
                await text_of(workers.online()[0])
            assert [worker.name for worker in workers.online()] == ["kaggle"]
            while not any(key == "workers.taken_over" for key, _ in heard.said):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        watching.cancel()
        await asyncio.wait([watching])
        await colab.start()


async def test_one_that_is_only_busy_stays() -> None:
    async with machines() as (machine,), pool(machine.url) as (workers, _):
        await workers.check()
        machine.model.pause_s = 5
        (worker,) = workers.online()
        first = asyncio.create_task(text_of(worker))
        async with asyncio.timeout(20):
            while not machine.model.n_running:  # noqa: ASYNC110 (the server does it)
                await asyncio.sleep(0.01)
        with pytest.raises(ProviderFailed) as caught:
            await text_of(worker)
        assert caught.value.kind is FailureKind.QUOTA
        assert workers.online() == [worker]
        first.cancel()
        await asyncio.wait([first])


async def test_one_that_is_healthy_and_never_writes_is_left_alone_until_the_next_regular_look() -> None:
    broken = [step for _ in range(3) for step in (HEALTHY, streamed(delta("half")))]
    async with ProviderServer(*broken, HEALTHY) as server, pool(server.url.removesuffix("/v1")) as (workers, _):
        for n in range(3):
            await workers.check(is_regular=n == 0)
            with pytest.raises(GenerationFailed):
                await text_of(workers.online()[0])
        await workers.check(is_regular=False)
        assert not workers.online()
        await workers.check(is_regular=True)
        assert workers.online()


@pytest.mark.parametrize(
    "text",
    [
        "colab",
        "colab=",
        "=http://a.example",
        "colab=ftp://a.example",
        "a b=http://a.example",
        "colab=http://a b",
        "colab=http://a.example,colab=http://b.example",
        f"{'x' * 40}=http://a.example",
    ],
)
async def test_what_cannot_be_understood_is_refused_by_name(text: str) -> None:
    async with httpx.AsyncClient() as client:
        with pytest.raises(Unavailable) as caught:
            read_workers(text, None, client)
    assert caught.value.values["name"] == "AION_WORKERS"


async def test_names_and_addresses_are_read_however_they_are_spaced() -> None:
    async with httpx.AsyncClient() as client:
        workers = read_workers(
            " colab = https://a.example/x/ ,\nkaggle=http://b.example:8000,", SecretStr(" t\n"), client
        )
    assert [(worker.name, worker._url) for worker in workers] == [
        ("colab", "https://a.example/x"),
        ("kaggle", "http://b.example:8000"),
    ]


def moderated(database: Database, space: str = "") -> ModeratorAlerts:
    channels = Channels(Spaces(database))
    notices = Notices(Inbox(database), channels, Spaces(database), "pt")
    return ModeratorAlerts(LastAlerts(database), notices, channels, space)


async def test_alerts_are_logged_once_a_change_also_over_a_restart(tmp_path, caplog) -> None:
    for n_lines in (1, 1):
        async with await Database.open(tmp_path) as database:
            alerts = moderated(database)
            async with open_workers("colab=http://127.0.0.1:9", SecretStr(TOKEN), alerts) as workers:
                await workers.check()
                await workers.check()
        assert caplog.text.count("The worker colab went offline: start it again.") == n_lines
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(("named", "told"), [("", ["discord:1", "telegram:-2"]), ("telegram:-2", ["telegram:-2"])])
async def test_every_moderators_channel_hears_of_each_change_once(tmp_path, named: str, told: list[str]) -> None:
    async with await Database.open(tmp_path) as database:
        channels = Channels(Spaces(database))
        for space in ("discord:1", "telegram:-2"):
            await channels.gather_moderators(SpaceId(space), "55")
        await Spaces(database).change_settings(SpaceId("discord:3"), dict)  # has no such channel
        for key in ("workers.offline", "workers.offline", "workers.refused", "workers.offline"):
            await moderated(database, named).alert("worker:colab", key, worker="colab")
        platforms: tuple[Platform, ...] = ("discord", "telegram")
        waiting = [each for platform in platforms for each in await Inbox(database).unfinished(platform)]
        assert [each.message.space for each in waiting] == [space for space in told for _ in range(3)]
        texts = [each.reply.text for each in waiting if each.reply and each.message.space == "telegram:-2"]
        assert [text.partition(":")[0] for text in texts] == [
            "O worker colab ficou offline",
            "O worker colab recusa AION_WORKER_TOKEN",
            "O worker colab ficou offline",
        ]


async def test_an_operator_sees_how_each_worker_was_found_last(tmp_path) -> None:
    async with await Database.open(tmp_path) as database:
        alerts = moderated(database)
        await alerts.alert("worker:colab", "workers.online", worker="colab", model="qwen")
        await alerts.alert("worker:kaggle", "workers.start_other", worker="kaggle", other="colab")
        await alerts.alert("worker:former", "workers.offline", worker="former")
        roll = WorkerStatusList("colab=http://a,kaggle=http://b,friend=http://c", LastAlerts(database))
        statuses = await ProviderStatusService((), (), Ledger(), roll).status()
    assert [(each.provider, each.model, each.state) for each in statuses] == [
        ("colab", "qwen", "online"),
        ("kaggle", "", "offline"),
        ("friend", "", "unseen"),
    ]
