"""The inference service over real sockets: the specification's paths and OpenAI's, their limits and their errors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from pydantic import SecretStr

from bot.web.app import create_app, serve
from bot.web.inference import inference_router
from bot.web.inference_service import InferenceService
from core.errors import GenerationFailed, Unavailable
from core.generation.providers.client import ProviderGenerator
from core.types import Piece, PromptTurn, Sampling
from tests.fakes import ScriptedGenerator, TickingGenerator
from tests.routing import provider

TOKEN = "made-up-serve-token"
CHAT = {"messages": [{"role": "user", "content": "When do you open?"}]}


@asynccontextmanager
async def served(model, *, token: str | None = None, **limits) -> AsyncIterator[httpx.AsyncClient]:
    started = asyncio.get_running_loop().create_future()
    app = create_app([inference_router(InferenceService(model, **limits), token)])
    task = asyncio.create_task(serve(app, "127.0.0.1", 0, started.set_result))
    try:
        async with httpx.AsyncClient(base_url=await started, trust_env=False, timeout=30) as client:
            yield client
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(condition) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 (the server changes it)
            await asyncio.sleep(0.01)


def events(body: str) -> list[str]:
    return [line.removeprefix("data: ") for line in body.split("\n\n") if line]


# --- the specification's paths -------------------------------------------------------------------


async def test_generate_takes_prompt_and_context_and_returns_text() -> None:
    model = TickingGenerator("At nine.")
    async with served(model) as client:
        answer = await client.post("/generate", json={"prompt": "When?", "context": "Opens at nine."})
        assert (answer.status_code, answer.json()) == (200, {"text": "At nine."})
        assert model.last == ((PromptTurn("user", "When?\n\nOpens at nine."),), Sampling(0.6, 0.9, 512))
        await client.post("/generate", json={"prompt": "When?"})
        assert model.last[0] == (PromptTurn("user", "When?"),)


async def test_health_tells_model_weights_device_queue_and_warmth() -> None:
    async with served(TickingGenerator(), max_open=5) as client:
        assert (await client.get("/health")).json() == {
            "status": "ok",
            "adapter_loaded": True,
            "model": "ticking",
            "lora_version": "v7",
            "device": "cpu",
            "queue": {"open": 0, "limit": 5, "waiting": 0},
            "warm": True,
            "style": "full",
            "languages": ["en", "pt"],
            "context_tokens": 2048,
        }


async def test_a_model_that_tells_nothing_of_itself_is_healthy_too() -> None:
    async with served(ScriptedGenerator([])) as client:
        body = (await client.get("/health")).json()
    assert (body["status"], body["device"], body["lora_version"]) == ("ok", "unknown", None)


# --- OpenAI's paths ------------------------------------------------------------------------------


async def test_a_completion_has_openais_form() -> None:
    async with served(TickingGenerator("At nine o'clock.")) as client:
        body = (await client.post("/v1/chat/completions", json=CHAT)).json()
    (choice,) = body["choices"]
    assert choice["message"] == {"role": "assistant", "content": "At nine o'clock."}
    assert choice["finish_reason"] == "stop"
    assert (body["object"], body["model"]) == ("chat.completion", "ticking")
    assert body["id"].startswith("chatcmpl-")
    assert body["usage"] == {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}
    assert body["system_fingerprint"] == "v7"


async def test_a_stream_has_openais_form_and_ends_with_usage_and_done() -> None:
    asked = {**CHAT, "stream": True, "stream_options": {"include_usage": True}}
    async with served(TickingGenerator("Às nove horas.")) as client:
        answer = await client.post("/v1/chat/completions", json=asked)
    assert answer.headers["content-type"].startswith("text/event-stream")
    *chunks, done = events(answer.text)
    first, *middle, end, usage = map(json.loads, chunks)
    assert done == "[DONE]"
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": "Às "}
    assert "".join(chunk["choices"][0]["delta"]["content"] for chunk in (first, *middle)) == "Às nove horas."
    assert (end["choices"][0]["finish_reason"], end["choices"][0]["delta"]) == ("stop", {})
    assert (usage["choices"], usage["usage"]["completion_tokens"]) == ([], 3)
    assert len({chunk["id"] for chunk in (first, *middle, end, usage)}) == 1
    assert {chunk["system_fingerprint"] for chunk in (first, *middle)} == {"v7"}


@pytest.mark.parametrize("stop", ["nine", ["twelve", "nine"]])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_reply_ends_before_what_the_client_named(stop, stream: bool) -> None:
    model = TickingGenerator("At ni ne or nine o'clock.", pause_s=0.001)
    async with served(model) as client:
        answer = await client.post("/v1/chat/completions", json={**CHAT, "stop": stop, "stream": stream})
        await until(lambda: model.n_running == 0)
    if not stream:
        [choice] = answer.json()["choices"]
        assert (choice["message"]["content"], choice["finish_reason"]) == ("At ni ne or", "stop")
        return
    *chunks, _ = events(answer.text)
    choices = [json.loads(chunk)["choices"][0] for chunk in chunks]
    assert "".join(choice["delta"].get("content", "") for choice in choices) == "At ni ne or "
    assert choices[-1]["finish_reason"] == "stop"


@pytest.mark.parametrize("stream", [False, True])
async def test_log_probabilities_come_when_they_are_asked_for(stream: bool) -> None:
    async with served(TickingGenerator("At nine.")) as client:
        answer = await client.post("/v1/chat/completions", json={**CHAT, "logprobs": True, "stream": stream})
        silent = await client.post("/v1/chat/completions", json=CHAT)
    bodies = [json.loads(event) for event in events(answer.text)[:-1]] if stream else [answer.json()]
    told = [choice["logprobs"]["content"] for body in bodies for choice in body["choices"] if choice.get("logprobs")]
    assert [(each["token"], each["logprob"]) for tokens in told for each in tokens] == [("At ", -0.5), ("nine.", -0.5)]
    assert silent.json()["choices"][0]["logprobs"] is None


class RethinkingGenerator(ScriptedGenerator):
    """Writes reasoning that turns out to be reasoning only at its end, then a reply up to the limit."""

    async def stream(self, prompt, sampling):
        yield Piece("I should look. ")
        yield Piece("At nine.", is_restart=True)
        yield Piece("", is_cut=True)


@pytest.mark.parametrize("stream", [False, True])
async def test_reasoning_that_is_taken_back_does_not_reach_the_client(stream: bool) -> None:
    async with served(RethinkingGenerator([])) as client:
        if stream:
            described = provider("worker", f"{client.base_url}/v1", "aion")
            generator = ProviderGenerator(described, described.models[0], SecretStr(""), client)
            text = ""
            async for piece in generator.stream((PromptTurn("user", "When?"),), Sampling()):
                text = piece.appended_to(text)
            assert (text, piece.is_cut) == ("At nine.", True)
        else:
            [choice] = (await client.post("/v1/chat/completions", json=CHAT)).json()["choices"]
            assert (choice["message"]["content"], choice["finish_reason"]) == ("At nine.", "length")


async def test_our_own_client_reads_our_own_stream() -> None:
    async with served(TickingGenerator("word by word"), token=TOKEN) as client:
        described = provider("worker", f"{client.base_url}/v1", "aion")
        generator = ProviderGenerator(described, described.models[0], SecretStr(TOKEN), client)
        pieces = [piece.text async for piece in generator.stream((PromptTurn("user", "Say."),), Sampling())]
    assert pieces == ["word ", "by ", "word"]


async def test_the_models_list_names_the_one_that_is_served() -> None:
    async with served(TickingGenerator()) as client:
        assert [model["id"] for model in (await client.get("/v1/models")).json()["data"]] == ["ticking"]


async def test_roles_parts_and_sampling_reach_the_engine() -> None:
    model = TickingGenerator()
    asked = {
        "model": "aion",
        "messages": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "When "}, {"type": "text", "text": "then?"}]},
            {"role": "assistant", "content": "At nine."},
            {"role": "user", "content": "Sure?"},
        ],
        "temperature": 0,
        "top_p": 0.5,
        "max_completion_tokens": 7,
        "seed": 3,
        "user": "ignored",
        "stop": [],
        "response_format": {"type": "text"},
    }
    async with served(model) as client:
        assert (await client.post("/v1/chat/completions", json=asked)).status_code == 200
    turns = (
        PromptTurn("system", "Be brief."),
        PromptTurn("user", "When then?"),
        PromptTurn("assistant", "At nine."),
        PromptTurn("user", "Sure?"),
    )
    assert model.last == (turns, Sampling(0.0, 0.5, 7, 3))


@pytest.mark.parametrize("stream", [False, True])
async def test_a_reply_cut_at_its_limit_says_so(stream: bool) -> None:
    async with served(TickingGenerator("one two three"), max_new_tokens=2) as client:
        answer = await client.post("/v1/chat/completions", json={**CHAT, "stream": stream, "max_tokens": 100})
    assert '"finish_reason": "length"' in answer.text or '"finish_reason":"length"' in answer.text
    assert "three" not in answer.text


@pytest.mark.parametrize(
    "change",
    [
        {"messages": []},
        {"messages": "hi"},
        {"messages": [{"role": "tool", "content": "x"}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}]},
        {"messages": [{"role": "user"}]},
        {"temperature": 3},
        {"temperature": "hot"},
        {"top_p": 0},
        {"max_tokens": 0},
        {"max_tokens": -5},
        {"n": 2},
        {"stop": ["x"] * 5},
        {"stop": [""]},
        {"logprobs": True, "top_logprobs": 3},
        {"tools": [{"type": "function"}]},
        {"response_format": {"type": "json_object"}},
        {"seed": 2**70},
    ],
)
async def test_what_cannot_be_done_is_refused_in_openais_form(change) -> None:
    model = TickingGenerator()
    async with served(model) as client:
        answer = await client.post("/v1/chat/completions", json={**CHAT, **change})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")
    assert model.n_asked == 0


async def test_another_model_is_not_served() -> None:
    async with served(TickingGenerator()) as client:
        answer = await client.post("/v1/chat/completions", json={**CHAT, "model": "gpt-9"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")


async def test_a_prompt_that_leaves_no_room_is_refused_and_a_tight_one_is_cut_short() -> None:
    model = TickingGenerator("word " * 50, context_tokens=30)
    async with served(model) as client:
        long = {"messages": [{"role": "user", "content": "word " * 30}]}
        answer = await client.post("/v1/chat/completions", json=long)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "web.prompt_too_long")
        tight = {"messages": [{"role": "user", "content": "word " * 20}]}
        assert (await client.post("/v1/chat/completions", json=tight)).json()["usage"]["total_tokens"] == 30


# --- who may, and how much -----------------------------------------------------------------------


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer", f"Basic {TOKEN}", TOKEN, "Bearer çã"])
async def test_without_the_token_nothing_is_written_and_no_body_read(header: str | None) -> None:
    model = TickingGenerator()
    headers = {"authorization": header.encode()} if header else {}
    async with served(model, token=TOKEN) as client:
        for method, path in (("POST", "/generate"), ("POST", "/v1/chat/completions"), ("GET", "/v1/models")):
            answer = await client.request(method, path, content=b"not even JSON", headers=headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
        health = await client.get("/health", headers=headers)
        assert health.json() == {"status": "ok"} if header is None else health.status_code == 401
    assert model.n_asked == 0


async def test_with_the_token_everything_is_open() -> None:
    async with served(TickingGenerator(), token=TOKEN) as client:
        client.headers["authorization"] = f"Bearer {TOKEN}"
        assert (await client.post("/generate", json={"prompt": "x"})).status_code == 200
        assert (await client.get("/health")).json()["model"] == "ticking"


async def test_one_too_many_is_told_when_to_come_back() -> None:
    model = TickingGenerator("word " * 1000, pause_s=0.05)
    async with served(model, max_open=2) as client:
        asking = [asyncio.create_task(client.post("/generate", json={"prompt": "x"})) for _ in range(2)]
        await until(lambda: model.n_running == 2)
        for path, body in (("/generate", {"prompt": "x"}), ("/v1/chat/completions", {**CHAT, "stream": True})):
            answer = await client.post(path, json=body)
            assert answer.status_code == 429
            assert int(answer.headers["retry-after"]) >= 1
            assert answer.json()["error"]["type"] == "rate_limit_error"
        for task in asking:
            task.cancel()
        await asyncio.wait(asking)
        await until(lambda: model.n_running == 0)
        model.text = "free again"
        assert (await client.post("/generate", json={"prompt": "x"})).json() == {"text": "free again"}


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_leaves_stops_the_engine(stream: bool) -> None:
    model = TickingGenerator("word " * 1000, pause_s=0.05)
    async with served(model, max_open=1) as client:
        for _ in range(3):
            asking = asyncio.create_task(client.post("/v1/chat/completions", json={**CHAT, "stream": stream}))
            await until(lambda: model.n_running == 1)
            asking.cancel()
            await asyncio.wait([asking])
            await until(lambda: model.n_running == 0)
        assert (await client.get("/health")).json()["queue"]["open"] == 0


async def test_a_client_that_leaves_in_the_middle_of_a_stream_stops_the_engine() -> None:
    model = TickingGenerator("word " * 1000, pause_s=0.02)
    async with served(model) as client:
        async with client.stream("POST", "/v1/chat/completions", json={**CHAT, "stream": True}) as answer:
            assert "word" in await anext(answer.aiter_text())
        await until(lambda: model.n_running == 0)
        assert (await client.get("/health")).json()["queue"]["open"] == 0


# --- what goes wrong in the engine ---------------------------------------------------------------


class Breaking(TickingGenerator):
    """Says so many words and then fails."""

    def __init__(self, n_words: int, error: Exception) -> None:
        super().__init__()
        self.n_words, self.error = n_words, error

    async def stream(self, prompt, sampling):
        for _ in range(self.n_words):
            yield Piece("word ")
        raise self.error


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (GenerationFailed("private detail"), 502),
        (Unavailable("generation.busy", wait_s=9), 429),
        (Unavailable("models.not_loaded", name="x", setting="y"), 503),
        (RuntimeError("private detail"), 500),
    ],
)
async def test_a_failure_before_the_first_word_is_a_status(stream: bool, error: Exception, status: int) -> None:
    async with served(Breaking(0, error)) as client:
        answer = await client.post("/v1/chat/completions", json={**CHAT, "stream": stream})
    assert answer.status_code == status
    assert answer.headers.get("retry-after") == ("9" if status == 429 else None)
    assert "private" not in answer.text


async def test_a_failure_in_the_middle_of_a_stream_is_an_error_event_and_no_done() -> None:
    async with served(Breaking(2, GenerationFailed("private detail"))) as client:
        answer = await client.post("/v1/chat/completions", json={**CHAT, "stream": True})
    *_, last = events(answer.text)
    assert json.loads(last)["error"]["code"] == "generation_failed"
    assert "[DONE]" not in answer.text
    assert "private" not in answer.text


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("text", ["", "  "])
async def test_an_empty_reply_is_a_failure_and_not_an_answer(stream: bool, text: str) -> None:
    async with served(TickingGenerator(text)) as client:
        answer = await client.post("/v1/chat/completions", json={**CHAT, "stream": stream})
        assert answer.status_code == 502
        assert (await client.get("/health")).json()["queue"]["open"] == 0


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/generate", r'{"prompt": "\ud800"}'),
        ("/generate", r'{"prompt": "When?", "context": "nine \udfff"}'),
        ("/v1/chat/completions", r'{"messages": [{"role": "user", "content": "\ud83d"}]}'),
        ("/v1/chat/completions", r'{"messages": [{"role": "user", "content": [{"type": "text", "text": "\ud83d"}]}]}'),
        ("/v1/chat/completions", r'{"model": "\ud800", "messages": [{"role": "user", "content": "When?"}]}'),
        ("/v1/chat/completions", r'{"stop": "\ud800", "messages": [{"role": "user", "content": "When?"}]}'),
        ("/v1/chat/completions", r'{"stop": ["\udc00"], "messages": [{"role": "user", "content": "When?"}]}'),
    ],
)
async def test_half_a_surrogate_pair_is_refused_and_a_whole_one_read(path: str, body: str) -> None:
    model = TickingGenerator()
    headers = {"Content-Type": "application/json"}
    async with served(model) as client:
        refused = await client.post(path, content=body, headers=headers)
        assert (refused.status_code, refused.json()["error"]["type"]) == (400, "invalid_request_error")
        assert model.last is None
        whole = await client.post("/generate", content=r'{"prompt": "\ud83d\ude00"}', headers=headers)
        assert whole.status_code == 200
