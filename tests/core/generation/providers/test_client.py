"""The client against a server that behaves and misbehaves over a real socket."""

from __future__ import annotations

import json
import logging
import traceback

import httpx
import pytest
from pydantic import SecretStr

from core.generation.providers.catalogue import Provider, ProviderModel
from core.generation.providers.client import ProviderGenerator, ProviderTimeouts
from core.generation.providers.errors import FailureKind, ProviderFailed
from core.types import PromptTurn, Sampling
from tests.providers import DONE, USAGE, Canned, ProviderServer, delta, event, fails, says, streamed

KEY = "sk-PLANTED-0123456789abcdefghij"
PROMPT = (PromptTurn("system", "Be brief."), PromptTurn("user", "Olá?"))
PATIENT = ProviderTimeouts(connect_s=5, first_text_s=5, stall_s=5, total_s=10)
HASTY = ProviderTimeouts(connect_s=5, first_text_s=0.2, stall_s=0.2, total_s=2)


def provider(url, **changes):
    values = {
        "name": "test",
        "base_url": url,
        "key_env": "TEST_API_KEY",
        "models": (ProviderModel("tiny-1", {"reasoning_effort": "low"}),),
        "languages": frozenset({"en", "pt"}),
        "paid": False,
        "context_tokens": 4000,
        "max_output_tokens": 300,
        **changes,
    }
    return Provider(**values)


async def ask(*answers, timeouts=PATIENT, key=KEY, sampling=None, **changes):
    """Return the texts received, the failure if there was one, and what the server was asked."""
    texts, failure = [], None
    async with ProviderServer(*answers) as server, httpx.AsyncClient() as client:
        described = provider(server.url, **changes)
        generator = ProviderGenerator(described, described.models[0], SecretStr(key), client, timeouts=timeouts)
        try:
            async for piece in generator.stream(PROMPT, sampling or Sampling()):
                texts += [piece.text]
        except ProviderFailed as failed:
            failure = failed
    return texts, failure, server.asked


async def failure_to(*answers, **kwargs):
    texts, failure, _ = await ask(*answers, **kwargs)
    assert failure is not None, texts
    return failure


async def test_a_healthy_stream_arrives_piece_by_piece():
    texts, failure, asked = await ask(says("\n Open ", "at ", "10:00 — até às 21h."))
    assert texts == ["Open ", "at ", "10:00 — até às 21h."]
    assert failure is None
    assert asked[0].path == "/v1/chat/completions"
    assert asked[0].headers["authorization"] == f"Bearer {KEY}"


async def test_the_request_holds_the_prompt_the_settings_and_the_cap():
    _, _, asked = await ask(says("x"), sampling=Sampling(temperature=0.2, top_p=0.8, max_new_tokens=5000))
    assert asked[0].body == {
        "model": "tiny-1",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Olá?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.2,
        "top_p": 0.8,
        "max_tokens": 300,
        "reasoning_effort": "low",
    }


async def test_a_field_map_renames_settings_and_leaves_out_the_empty_ones():
    fields = {"max_new_tokens": "max_completion_tokens", "temperature": "", "top_p": ""}
    _, _, asked = await ask(says("x"), fields=fields, sampling=Sampling(max_new_tokens=9))
    assert asked[0].body.keys() >= {"model", "messages", "max_completion_tokens", "reasoning_effort"}
    assert not asked[0].body.keys() & {"temperature", "top_p", "max_tokens"}
    assert asked[0].body["max_completion_tokens"] == 9


async def test_comments_usage_reasoning_and_null_content_are_passed_over():
    thought = event({"choices": [{"delta": {"reasoning": "hmm", "content": None}, "finish_reason": None}]})
    role = event({"choices": [{"delta": {"role": "assistant", "content": ""}}]})
    answer = streamed(
        b": OPENROUTER PROCESSING\n\n", role, thought, USAGE, delta("yes"), delta(None, "stop"), USAGE, DONE
    )
    assert (await ask(answer))[:2] == (["yes"], None)


async def test_text_cut_anywhere_by_the_network_arrives_whole():
    whole = delta("caução é ") + delta("50 €") + delta("", "stop") + DONE
    answer = streamed(*(whole[i : i + 1] for i in range(len(whole))))
    assert (await ask(answer))[:2] == (["caução é ", "50 €"], None)


@pytest.mark.parametrize("end", [(delta(None, "stop"),), (DONE,), (delta(None, "end_turn"), USAGE)])
async def test_either_a_finish_reason_or_done_ends_a_reply(end):
    assert (await ask(streamed(delta("yes"), *end)))[:2] == (["yes"], None)


async def test_a_server_that_forgets_to_hang_up_after_the_end_is_not_waited_for():
    assert (await ask(streamed(delta("yes"), delta(None, "stop"), 60.0)))[:2] == (["yes"], None)


async def test_a_server_that_does_not_stream_is_read_all_the_same():
    body = {"choices": [{"message": {"role": "assistant", "content": "all at once"}, "finish_reason": "stop"}]}
    answer = Canned((json.dumps(body).encode(),), headers={"content-type": "application/json"})
    assert (await ask(answer))[:2] == (["all at once"], None)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (streamed(delta("half a")), FailureKind.MALFORMED),
        (streamed(delta("half a"), is_cut=True), FailureKind.NETWORK),
        (streamed(delta("half a"), event({"error": {"code": 502, "message": "upstream died"}})), FailureKind.SERVER),
        (streamed(delta("half a"), delta("", "error")), FailureKind.SERVER),
        (streamed(delta("half a"), delta("", "content_filter")), FailureKind.FILTERED),
    ],
)
async def test_a_reply_that_breaks_off_is_a_failure_after_its_text(answer, kind):
    texts, failure, _ = await ask(answer)
    assert (texts, failure.kind) == (["half a"], kind)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (streamed(), FailureKind.MALFORMED),
        (streamed(DONE), FailureKind.EMPTY),
        (streamed(delta(" \n"), delta("", "stop"), DONE), FailureKind.EMPTY),
        (streamed(delta(None, "length"), DONE), FailureKind.EMPTY),
        (streamed(delta(None, "content_filter"), DONE), FailureKind.FILTERED),
        (streamed(b"data: {not json}\n\n"), FailureKind.MALFORMED),
        (streamed(b"data: " + b"[" * 200_000 + b"\n\n"), FailureKind.MALFORMED),
        (streamed(event({"error": {"code": 429, "message": "slow down"}})), FailureKind.QUOTA),
        (streamed(event([{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}])), FailureKind.QUOTA),
        (streamed(event([1]), event({"choices": [3]}), event({"choices": {}}), event("7"), DONE), FailureKind.EMPTY),
        (
            Canned((b"<html>Sign in to the hotel wifi</html>",), headers={"content-type": "text/html"}),
            FailureKind.MALFORMED,
        ),
        (Canned((b'{"choices": [{"mess',), headers={"content-type": "application/json"}), FailureKind.MALFORMED),
        (
            Canned((b'{"error": {"code": 401, "message": "no"}}',), headers={"content-type": "application/json"}),
            FailureKind.AUTH,
        ),
        (Canned((), headers={"content-type": "application/json"}), FailureKind.MALFORMED),
        (fails(401, {"error": {"message": "bad key"}}), FailureKind.AUTH),
        (fails(429, [{"error": {"code": 429, "message": "quota"}}], {"retry-after": "7"}), FailureKind.QUOTA),
        (fails(503, "<html>busy</html>"), FailureKind.SERVER),
        (fails(500, "x" * 1_000_000), FailureKind.MALFORMED),
    ],
)
async def test_a_reply_without_text_is_a_failure(answer, kind):
    texts, failure, _ = await ask(answer)
    assert (texts, failure.kind) == ([], kind)


async def test_status_and_wait_are_kept_for_the_ledger():
    failure = await failure_to(fails(429, {"error": {"message": "x"}}, {"retry-after": "2m59.56s"}))
    assert (failure.status, failure.retry_after_s) == (429, pytest.approx(179.56))


async def test_redirects_are_not_followed_with_the_key():
    async with ProviderServer(says("stolen")) as thief:
        failure = await failure_to(fails(302, "", {"location": f"{thief.url}/chat/completions"}))
    assert failure.kind is FailureKind.REJECTED
    assert thief.asked == []


@pytest.mark.parametrize(
    "location", ["http://[", "//", "http://a:b:c/", "x" * 9_000, "http://\x80.example", "javascript:1"]
)
async def test_a_redirect_to_anywhere_is_a_failure(location):
    failure = await failure_to(fails(307, "", {"location": location}))
    assert failure.kind in (FailureKind.REJECTED, FailureKind.NETWORK)


@pytest.mark.parametrize(
    "answer",
    [
        streamed(60.0, delta("late")),
        Canned((60.0,), status=500),
        streamed(*(step for _ in range(200) for step in (b": still here\n\n", 0.05))),
    ],
    ids=["silent", "silent error", "comments only"],
)
async def test_a_provider_that_says_nothing_in_time_is_given_up(answer):
    texts, failure, _ = await ask(answer, timeouts=HASTY)
    assert (texts, failure.kind) == ([], FailureKind.NETWORK)


async def test_a_stall_in_the_middle_is_a_failure_after_its_text():
    texts, failure, _ = await ask(streamed(delta("half a"), 60.0, delta("nswer")), timeouts=HASTY)
    assert (texts, failure.kind) == (["half a"], FailureKind.NETWORK)


async def test_an_endless_drip_ends_with_the_total_patience():
    drip = [step for _ in range(500) for step in (delta("a "), 0.02)]
    timeouts = ProviderTimeouts(first_text_s=1, stall_s=1, total_s=0.4)
    texts, failure, _ = await ask(streamed(*drip), timeouts=timeouts)
    assert failure.kind is FailureKind.NETWORK
    assert 0 < len(texts) < 500


@pytest.mark.parametrize("flood", [b"data: " + b"x" * 300_000, b": " + b"x" * 300_000 + b"\n", delta("y" * 1000) * 300])
async def test_a_flood_is_cut_off(flood):
    timeouts = ProviderTimeouts(max_bytes=100_000)
    assert (await failure_to(streamed(flood), timeouts=timeouts)).kind is FailureKind.MALFORMED


async def test_nobody_listening_is_a_network_failure():
    async with ProviderServer(says("x")) as server:
        url = server.url
    async with httpx.AsyncClient() as client:
        described = provider(url)
        generator = ProviderGenerator(described, described.models[0], SecretStr(KEY), client)
        with pytest.raises(ProviderFailed) as caught:
            await anext(generator.stream(PROMPT, Sampling()))
    assert caught.value.kind is FailureKind.NETWORK


@pytest.mark.parametrize("key", ["sk-with\nnewline-012345", "sk-chave-ção-0123456789"])
async def test_a_key_that_no_header_can_carry_is_refused_before_anything_is_sent(key):
    _, failure, asked = await ask(says("x"), key=key)
    assert failure.kind is FailureKind.AUTH
    assert asked == []
    assert key[:10] not in str(failure)


async def test_white_space_around_a_key_is_not_part_of_it():
    _, _, asked = await ask(says("x"), key=f" {KEY}\n")
    assert asked[0].headers["authorization"] == f"Bearer {KEY}"


async def test_the_key_shows_in_no_failure_and_no_log(caplog):
    caplog.set_level(logging.DEBUG)
    echoes = [
        fails(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}),
        fails(500, f"<html>Authorization: Bearer {KEY}</html>"),
        Canned((f"Bearer {KEY} is not JSON".encode(),), headers={"content-type": "application/json"}),
        streamed(event({"error": {"message": f"upstream refused {KEY[:12]}"}})),
    ]
    for echo in echoes:
        failure = await failure_to(echo)
        shown = "".join(traceback.format_exception(failure)) + repr(failure) + repr(vars(failure))
        assert KEY[:12] not in shown
    assert KEY[:12] not in caplog.text


async def test_leaving_in_the_middle_hangs_up():
    async with ProviderServer(streamed(delta("one "), delta("two "), 60.0)) as server, httpx.AsyncClient() as client:
        described = provider(server.url)
        pieces = ProviderGenerator(described, described.models[0], SecretStr(KEY), client).stream(PROMPT, Sampling())
        assert (await anext(pieces)).text == "one "
        await pieces.aclose()
        assert not client._transport._pool.connections
