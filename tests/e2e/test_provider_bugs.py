"""Ways in which other routers are known to fail, each tried on ours over real sockets, in the providers' own dialects.

Named by the project and the number of the report. More of them stand beside what they are about, in
``tests/core/generation/providers/test_router.py`` and ``tests/core/test_going_on.py``.
"""

from __future__ import annotations

import asyncio
import json

import pytest

from core.errors import GenerationFailed
from core.generation.providers.catalogue import ModelLimits, ProviderModel
from core.generation.providers.client import ProviderTimeouts
from core.types import PromptTurn, Sampling
from tests.providers import DONE, Canned, delta, event, fails, says, streamed
from tests.routing import Walk, ask

DAY_S = 86_400
LONG = (PromptTurn("user", "passage " * 900),)
SHORT = (PromptTurn("user", "passage " * 300),)


def groq(message: str, *, status: int = 429, kind: str = "tokens") -> Canned:
    return fails(status, {"error": {"message": message, "type": kind, "code": "rate_limit_exceeded"}})


def gemini(quota: str, value: str = "20", *, delay: str = "37s") -> Canned:
    details = [
        {
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{"quotaId": quota, "quotaValue": value}],
        },
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay},
    ]
    message = f"You exceeded your current quota. Please retry in {delay}."
    return fails(
        429, [{"error": {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED", "details": details}}]
    )


def openrouter(status: int, message: str, **metadata: str) -> Canned:
    return fails(status, {"error": {"code": status, "message": message, "metadata": metadata}})


# --- LiteLLM -------------------------------------------------------------------------------------


async def test_litellm_32574_every_failure_cools_down_and_not_the_first_of_a_request_alone() -> None:
    limited = fails(429, {"error": {"message": "slow down"}}, {"retry-after": "30"})
    async with Walk(groq=[limited], gemini=[limited], openrouter=[says("here")]) as walk:
        router = walk.router()
        for _ in range(3):
            assert (await ask(router))[0] == "openrouter"
            walk.hands.pass_time(31)
        assert walk.n_asked() == {"groq": 3, "gemini": 3, "openrouter": 3}
        await ask(router)
        await ask(router)
        assert walk.n_asked() == {"groq": 4, "gemini": 4, "openrouter": 5}


async def test_litellm_7669_what_a_provider_says_about_coming_back_is_kept_to_the_second() -> None:
    limited = fails(429, {"error": {"message": "slow down"}}, {"retry-after": "30"})
    async with Walk(groq=[limited, says("back")], gemini=[says("other")]) as walk:
        router = walk.router()
        await ask(router)
        walk.hands.pass_time(29)
        assert (await ask(router))[0] == "gemini"
        walk.hands.pass_time(2)
        assert await ask(router) == ("groq", "back")


async def test_litellm_26067_an_error_inside_the_stream_before_its_first_word_is_retried() -> None:
    late = streamed(b": OPENROUTER PROCESSING\n\n", 0.05, event({"error": {"code": 502, "message": "upstream died"}}))
    async with Walk(openrouter=[late], openai=[says("from openai")]) as walk:
        assert await ask(walk.router()) == ("openai", "from openai")


async def test_litellm_32835_nothing_is_written_twice_after_a_stream_broke_off() -> None:
    async with Walk(groq=[streamed(delta("one "), delta("two "))], gemini=[says("one two three")]) as walk:
        opened = await walk.router().open(LONG, Sampling(), "en")
        texts: list[str] = []
        with pytest.raises(GenerationFailed):
            async for piece in opened.pieces:
                texts += [piece.text]
        assert "".join(texts) == "one two "
        assert walk.n_asked()["gemini"] == 0


# --- freellmapi ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 410])
async def test_freellmapi_484_a_model_that_is_gone_is_left_for_the_next(status: int) -> None:
    message = "The model `x` does not exist or you do not have access to it."
    gone = fails(status, {"error": {"message": message, "type": "invalid_request_error", "code": "model_not_found"}})
    async with Walk(groq=[gone, says("from the other model")]) as walk:
        router = walk.router(models=("gone", "there"))
        for _ in range(3):
            assert await ask(router) == ("groq", "from the other model")
        assert [asked.body["model"] for asked in walk.servers["groq"].asked] == ["gone", "there", "there", "there"]


@pytest.mark.parametrize("status", [401, 403])
async def test_freellmapi_484_a_revoked_key_is_not_asked_again_and_is_no_502(status: int) -> None:
    async with Walk(groq=[openrouter(status, "Invalid API Key")], gemini=[says("other")]) as walk:
        router = walk.router()
        for _ in range(5):
            assert (await ask(router))[0] == "gemini"
            walk.hands.pass_time(3600)
        assert walk.n_asked()["groq"] == 1


async def test_freellmapi_77_a_free_model_that_wants_money_does_not_stop_the_other_free_ones() -> None:
    pay = openrouter(402, "Insufficient credits")
    async with Walk(openrouter=[pay, says("free after all")]) as walk:
        router = walk.router(models=("a:free", "b:free"), limits=ModelLimits(requests_per_day=50))
        assert await ask(router) == ("openrouter", "free after all")


async def test_freellmapi_156_chunks_without_choices_are_no_crash() -> None:
    odd = streamed(event({"id": "x"}), event({"choices": None}), event({"choices": []}), delta("yes", "stop"), DONE)
    async with Walk(groq=[odd]) as walk:
        assert await ask(walk.router()) == ("groq", "yes")


async def test_freellmapi_584_a_provider_that_never_begins_leaves_time_for_another() -> None:
    async with Walk(groq=[streamed(60.0)], gemini=[says("awake")]) as walk:
        async with asyncio.timeout(10):
            assert (await ask(walk.router(timeouts=ProviderTimeouts(first_text_s=0.2))))[0] == "gemini"


@pytest.mark.parametrize("end", [(), (delta("  "),), (event({"choices": [{"delta": {}}]}),)])
async def test_freellmapi_1221_a_reply_without_a_finish_is_broken_off(end) -> None:
    async with Walk(groq=[streamed(delta("half"), *end)]) as walk:
        with pytest.raises(GenerationFailed):
            await ask(walk.router())


@pytest.mark.parametrize("empty", [streamed(DONE), streamed(delta(None, "length"), DONE), streamed(delta("", "stop"))])
async def test_freellmapi_an_empty_completion_is_a_failure_and_not_an_answer(empty: Canned) -> None:
    async with Walk(gemini=[empty], groq=[says("words")]) as walk:
        assert await ask(walk.router()) == ("groq", "words")


async def test_freellmapi_go_durations_are_no_nan() -> None:
    limited = fails(429, {"error": {"message": "slow down"}}, {"retry-after": "2m59.56s"})
    async with Walk(groq=[limited, says("back")], gemini=[says("other")]) as walk:
        router = walk.router()
        await ask(router)
        walk.hands.pass_time(179)
        assert (await ask(router))[0] == "gemini"
        walk.hands.pass_time(1)
        assert (await ask(router))[0] == "groq"


async def test_freellmapi_a_wait_of_a_year_is_believed_for_a_day() -> None:
    limited = fails(429, {"error": {"message": "slow down"}}, {"retry-after": "31536000"})
    async with Walk(groq=[limited, says("back")], gemini=[says("other")]) as walk:
        router = walk.router()
        await ask(router)
        walk.hands.pass_time(DAY_S + 1)
        assert (await ask(router))[0] == "groq"


async def test_litellm_rs_1190_one_stream_that_dies_cools_nobody_down() -> None:
    async with Walk(groq=[streamed(delta("half"), is_cut=True), says("whole")], gemini=[says("other")]) as walk:
        router = walk.router()
        with pytest.raises(GenerationFailed):
            await ask(router)
        assert await ask(router) == ("groq", "whole")


async def test_thoughts_of_a_reasoning_model_are_never_shown() -> None:
    thinking = streamed(*(delta(text) for text in ("<thi", "nk>The user wants", " x.</th", "ink>\n\nAt nine.")), DONE)
    only = streamed(delta("<think>and never an answer"), delta(None, "stop"), DONE)
    async with Walk(groq=[only], gemini=[thinking]) as walk:
        assert await ask(walk.router()) == ("gemini", "At nine.")


# --- limits as errors tell them ------------------------------------------------------------------


def model(**limits: int) -> ProviderModel:
    return ProviderModel("m", limits=ModelLimits(**limits))


async def test_groq_the_limit_in_an_error_is_learned() -> None:
    message = "Rate limit reached on tokens per day (TPD): Limit 100000, Used 97050, Requested 3619."
    async with Walk(groq=[groq(message)], gemini=[says("other")]) as walk:
        router = walk.router(models=(model(tokens_per_day=200_000),))
        await ask(router)
        (use,) = walk.ledger.uses(router.routes[0])
        assert (use.limit, use.n_used) == (100_000, 97_050)


async def test_gemini_the_limit_in_an_error_is_learned_and_kept_the_next_day() -> None:
    spent = gemini("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "2")
    async with Walk(gemini=[spent, says("yes")]) as walk:
        router = walk.router(models=(model(requests_per_day=500),))
        with pytest.raises(GenerationFailed):
            await ask(router)
        assert [(use.limit, use.n_left) for use in walk.ledger.uses(router.routes[0])] == [(2, 0)]
        walk.hands.pass_time(DAY_S)
        for _ in range(2):
            assert await ask(router) == ("gemini", "yes")
        with pytest.raises(GenerationFailed):
            await ask(router)
        assert walk.n_asked()["gemini"] == 3  # the two of the new day, and none past them


@pytest.mark.parametrize("value", ["", "x", "-1", "9" * 400, None])
async def test_a_limit_that_is_no_number_is_not_learned(value) -> None:
    spent = gemini("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", value)
    async with Walk(gemini=[spent], groq=[says("other")]) as walk:
        router = walk.router("gemini", "groq", models=(model(requests_per_minute=15),))
        assert (await ask(router))[0] == "groq"


# --- prompts that are too large ------------------------------------------------------------------

TOO_LARGE = (
    "Request too large for model `openai/gpt-oss-20b` on tokens per minute (TPM): Limit 8000, Requested 32979, please "
    "reduce your message size and try again."
)


async def test_groq_a_413_is_asked_again_once_and_smaller() -> None:
    async with Walk(groq=[groq(TOO_LARGE, status=413), says("fits")], gemini=[says("other")]) as walk:
        opened = await walk.router().open(LONG, Sampling(), "en", (SHORT,))
        assert opened.generator == "groq"
        assert [len(asked.body["messages"][0]["content"]) for asked in walk.servers["groq"].asked] == [7200, 2400]
        await opened.pieces.aclose()


async def test_groq_a_second_413_is_left_for_the_next_and_nobody_is_benched() -> None:
    async with Walk(groq=[groq(TOO_LARGE, status=413)], gemini=[says("other")]) as walk:
        router = walk.router()
        opened = await router.open(LONG, Sampling(), "en", (SHORT,))
        assert opened.generator == "gemini"
        assert walk.n_asked() == {"groq": 2, "gemini": 1}
        assert not walk.ledger.cooldowns(router.routes[0])
        await opened.pieces.aclose()


async def test_who_cannot_read_the_whole_prompt_is_sent_the_smaller_one() -> None:
    async with Walk(groq=[says("yes")]) as walk:
        opened = await walk.router(context_tokens=1000).open(LONG, Sampling(), "en", (SHORT,))
        assert len(walk.servers["groq"].asked[0].body["messages"][0]["content"]) == 2400
        await opened.pieces.aclose()


# --- what no provider should send, and some do ---------------------------------------------------

WHOLE = {"choices": [{"message": {"content": "x" * 11_000_000}, "finish_reason": "stop"}]}


@pytest.mark.parametrize(
    "answer",
    [
        Canned((b"<html>Sign in to the hotel wifi</html>",), headers={"content-type": "text/html"}),
        Canned((b'{"choices": [{"mess',), headers={"content-type": "application/json"}),
        Canned((json.dumps(WHOLE).encode(),), headers={"content-type": "application/json"}),
        streamed(b"data: " + b"x" * 11_000_000),
        fails(302, "", {"location": "http://127.0.0.1:9/v1/chat/completions"}),
        Canned(("é".encode("utf-16"),), headers={"content-type": "application/json; charset=utf-16"}),
        Canned((b"\xff\xfe\x00",), headers={"content-type": "text/event-stream; charset=no-such-charset"}),
        streamed(is_cut=True),
    ],
    ids=["html", "half a JSON", "10 MB", "10 MB in one event", "redirect", "utf-16", "no charset", "cut"],
)
async def test_whatever_a_provider_sends_the_next_one_answers(answer: Canned, caplog) -> None:
    async with Walk(groq=[answer], gemini=[says("from gemini")]) as walk:
        assert await ask(walk.router()) == ("gemini", "from gemini")
    assert "key-of-groq" not in caplog.text


async def test_a_stream_that_states_a_wrong_charset_is_read_as_the_utf_8_it_is() -> None:
    kind = {"content-type": "text/event-stream; charset=iso-8859-1"}
    reply = json.dumps({"choices": [{"delta": {"content": "às nove"}, "finish_reason": "stop"}]}, ensure_ascii=False)
    async with Walk(groq=[Canned((f"data: {reply}\n\n".encode(), DONE), headers=kind)]) as walk:
        assert await ask(walk.router()) == ("groq", "às nove")


async def test_an_endless_stream_ends() -> None:
    drip = [step for _ in range(2000) for step in (delta("a "), 0.01)]
    async with Walk(groq=[streamed(*drip)]) as walk:
        router = walk.router(timeouts=ProviderTimeouts(first_text_s=1, stall_s=1, total_s=0.5))
        async with asyncio.timeout(10):
            with pytest.raises(GenerationFailed):
                await ask(router)
