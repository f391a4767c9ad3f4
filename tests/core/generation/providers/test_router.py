"""Walking the providers over real sockets: each test is a way in which a router is known to go wrong."""

from __future__ import annotations

import asyncio

import pytest

from core.errors import GenerationFailed
from core.generation.providers.catalogue import ModelLimits, Price, ProviderModel, read_providers
from core.generation.providers.client import ProviderTimeouts
from core.generation.providers.ledger import Ledger
from core.generation.providers.route import read_keys, routes
from core.generation.providers.router import Router, open_router
from core.storage.quotas import Quotas
from core.types import Sampling
from tests.providers import DONE, USAGE, Canned, delta, event, fails, says, streamed
from tests.routing import PROMPT, Hands, Walk, ask, keys_of, provider

DAY_S = 86_400


def quota(message: str = "slow down", **rest: object) -> dict[str, object]:
    return {"error": {"message": message, **rest}}


GEMINI_DAY = [
    {
        "error": {
            "code": 429,
            "message": "You exceeded your current quota. Please retry in 17.2s.",
            "status": "RESOURCE_EXHAUSTED",
            "details": [
                {"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},
                {"retryDelay": "17s"},
            ],
        }
    }
]

# --- walking -------------------------------------------------------------------------------------


async def test_the_first_healthy_provider_answers_alone() -> None:
    async with Walk(groq=[says("from ", "groq")], gemini=[says("from gemini")]) as walk:
        router = walk.router()
        opened = await router.open(PROMPT, Sampling(), "en")
        assert (opened.generator, opened.model) == ("groq", "groq-1")
        assert "".join([piece.text async for piece in opened.pieces]) == "from groq"
        assert walk.n_asked() == {"groq": 1, "gemini": 0}


@pytest.mark.parametrize(
    "dead",
    [
        fails(429, quota()),
        fails(401, quota("bad key")),
        fails(404, quota("gone")),
        fails(413, quota("too large")),
        fails(500, "<html>"),
        streamed(DONE),
        streamed(delta("  "), delta("", "stop"), DONE),
        streamed(b"data: {half\n\n"),
        streamed(event({"error": {"code": 502, "message": "upstream"}, "choices": [{"finish_reason": "error"}]})),
    ],
)
async def test_errors_before_the_first_word_are_inside_the_retry_scope(dead, caplog) -> None:
    async with Walk(groq=[dead], gemini=[says("from gemini")]) as walk:
        assert await ask(walk.router()) == ("gemini", "from gemini")
        assert walk.n_asked() == {"groq": 1, "gemini": 1}
    assert "groq/groq-1" in caplog.text
    assert "key-of-groq" not in caplog.text


async def test_once_a_word_was_shown_nobody_else_is_asked_and_nothing_is_replayed() -> None:
    async with Walk(groq=[streamed(delta("half"))], gemini=[says("other")]) as walk:
        opened = await walk.router().open(PROMPT, Sampling(), "en")
        texts = []
        with pytest.raises(GenerationFailed):
            async for piece in opened.pieces:
                texts += [piece.text]
        assert texts == ["half"]
        assert walk.n_asked()["gemini"] == 0


async def test_when_all_fail_the_router_says_what_each_did() -> None:
    async with Walk(groq=[fails(404)], gemini=[fails(500)]) as walk:
        with pytest.raises(GenerationFailed, match=r"groq/groq-1 gone 404.*gemini/gemini-1 server 500"):
            await walk.router().open(PROMPT, Sampling(), "en")


async def test_an_empty_router_is_legal_and_false() -> None:
    assert not Router()
    assert Router().names == ()
    with pytest.raises(GenerationFailed, match="nobody to ask"):
        await Router().open(PROMPT, Sampling(), "en")


async def test_a_provider_is_not_asked_for_a_language_it_does_not_write() -> None:
    async with Walk(groq=[says("hello")]) as walk:
        with pytest.raises(GenerationFailed, match="nobody to ask"):
            await ask(walk.router(languages=frozenset({"en"})), language="pt")
        assert walk.n_asked() == {"groq": 0}


async def test_a_refused_provider_is_not_asked_though_it_alone_could_answer() -> None:
    async with Walk(gemini=[says("hello")], groq=[says("hi")]) as walk:
        gemini = provider("gemini", walk.servers["gemini"].url, trains_on_prompts="unknown")
        groq = provider("groq", walk.servers["groq"].url)
        router = open_router([gemini, groq], keys_of(gemini, groq), walk.client, walk.ledger)
        assert router.training == {("gemini", "gemini-1")}
        opened = await router.open(PROMPT, Sampling(), "en", without=router.training)
        assert opened.generator == "groq"
        await opened.pieces.aclose()
        with pytest.raises(GenerationFailed, match="nobody to ask"):
            await router.open(PROMPT, Sampling(), "en", without={("gemini", "gemini-1"), ("groq", "groq-1")})
        assert router.any_without(router.training)
        assert not router.any_without({("gemini", "gemini-1"), ("groq", "groq-1")})
        assert walk.n_asked() == {"gemini": 0, "groq": 1}


async def test_a_dead_network_is_not_tried_once_for_each_model() -> None:
    async with Walk(gemini=[says("hello")]) as walk:
        dead = provider("groq", "http://127.0.0.1:9/v1", "a", "b", "c")
        live = provider("gemini", walk.servers["gemini"].url)
        router = open_router([dead, live], keys_of(dead, live), walk.client, walk.ledger)
        assert await ask(router) == ("gemini", "hello")
        assert [bench.account.model for bench in walk.ledger.cooldowns(router.routes[2])] == ["*"]


async def test_leaving_early_hangs_up_and_is_no_failure_of_the_provider() -> None:
    async with Walk(groq=[streamed(delta("one"), 60.0)]) as walk:
        router = walk.router()
        for _ in range(5):
            opened = await router.open(PROMPT, Sampling(), "en")
            assert (await anext(opened.pieces)).text == "one"
            await opened.pieces.aclose()
        assert not walk.client._transport._pool.connections  # type: ignore[attr-defined]
        assert not walk.ledger.cooldowns(router.routes[0])


async def test_an_asker_who_leaves_before_the_first_word_gives_the_lease_back() -> None:
    async with Walk(groq=[streamed(60.0)]) as walk:
        router = walk.router(models=(ProviderModel("m", limits=ModelLimits(tokens_per_day=100_000)),))
        asking = asyncio.create_task(router.open(PROMPT, Sampling(), "en"))
        await asyncio.sleep(0.3)
        assert walk.n_asked() == {"groq": 1}
        (held,) = walk.ledger.uses(router.routes[0])
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        (kept,) = walk.ledger.uses(router.routes[0])
        assert held.n_used > 300 > kept.n_used > 0
        assert not walk.ledger.cooldowns(router.routes[0])


# --- cooling down --------------------------------------------------------------------------------


async def test_a_dead_provider_costs_one_call_however_many_questions_come() -> None:
    dead = {"groq": [fails(429, quota(), {"retry-after": "3600"})], "gemini": [fails(500)], "huggingface": [fails(401)]}
    async with Walk(**dead, openrouter=[says("here")]) as walk:
        router = walk.router()
        for _ in range(20):
            assert await ask(router) == ("openrouter", "here")
        assert walk.n_asked() == {"groq": 1, "gemini": 1, "huggingface": 1, "openrouter": 20}


async def test_a_shorter_cooldown_never_replaces_a_longer_one() -> None:
    """LiteLLM 40130, the other way round too."""
    day = fails(429, quota("free-models-per-day"))
    async with Walk(groq=[day, fails(429, quota(), {"retry-after": "5"}), says("back")], gemini=[says("no")]) as walk:
        first, second = walk.router("groq", "gemini"), walk.router("groq", "gemini")
        await asyncio.gather(ask(first), ask(second))  # both in flight before either failed
        assert walk.n_asked()["groq"] == 2
        walk.hands.pass_time(3600)
        await ask(first)
        assert walk.n_asked()["groq"] == 2
        walk.hands.pass_time(DAY_S)
        assert await ask(first) == ("groq", "back")


async def test_a_spent_minute_never_becomes_a_day() -> None:
    """freellmapi 158: 51 models were quarantined by passing tokens-per-minute errors."""
    minute = fails(429, quota("Rate limit reached on tokens per minute (TPM): Limit 8000"))
    async with Walk(groq=[minute] * 30 + [says("back")], gemini=[says("other")]) as walk:
        router = walk.router()
        for _ in range(30):
            assert (await ask(router))[0] == "gemini"
            walk.hands.pass_time(100)
        assert walk.n_asked()["groq"] == 30
        assert await ask(router) == ("groq", "back")


async def test_gemini_a_spent_day_outlasts_the_17_seconds_it_states() -> None:
    async with Walk(gemini=[fails(429, GEMINI_DAY), says("next day")], groq=[says("other")]) as walk:
        router = walk.router("gemini", "groq", day_zone="America/Los_Angeles")
        await ask(router)
        walk.hands.pass_time(19 * 3600)  # noon UTC is 4:00 there; 23:00 there now
        assert (await ask(router))[0] == "groq"
        walk.hands.pass_time(2 * 3600)
        assert (await ask(router))[0] == "gemini"


async def test_gemini_a_limit_of_zero_disables_the_model_and_that_one_alone() -> None:
    zero = fails(429, [quota("Quota exceeded for metric: free_tier_requests, limit: 0, model: x", code=429)])
    async with Walk(gemini=[zero, says("second")]) as walk:
        router = walk.router(models=("first", "second"))
        assert await ask(router) == ("gemini", "second")
        walk.hands.pass_time(300 * DAY_S)
        assert await ask(router) == ("gemini", "second")
        assert [asked.body["model"] for asked in walk.servers["gemini"].asked] == ["first", "second", "second"]


async def test_groq_a_spent_day_of_tokens_waits_as_long_as_groq_says() -> None:
    day = fails(429, quota("on tokens per day (TPD): Limit 200000. Please try again in 9m38.016s."))
    async with Walk(groq=[day, says("back")], gemini=[says("other")]) as walk:
        router = walk.router()
        await ask(router)
        walk.hands.pass_time(570)
        assert (await ask(router))[0] == "gemini"
        walk.hands.pass_time(10)
        assert (await ask(router))[0] == "groq"


async def test_groq_a_413_without_a_smaller_prompt_goes_to_the_next_and_benches_nobody() -> None:
    async with Walk(groq=[fails(413, quota("Request too large")), says("smaller")], gemini=[says("other")]) as walk:
        router = walk.router()
        assert (await ask(router))[0] == "gemini"
        assert (await ask(router))[0] == "groq"


async def test_groq_a_prompt_over_the_minutes_tokens_is_not_sent_at_all() -> None:
    small = ProviderModel("small", limits=ModelLimits(tokens_per_minute=100))
    async with Walk(groq=[says("never")], gemini=[says("other")]) as walk:
        table = [provider("groq", walk.servers["groq"].url, small), provider("gemini", walk.servers["gemini"].url)]
        assert (await ask(open_router(table, keys_of(*table), walk.client, walk.ledger)))[0] == "gemini"
        assert walk.n_asked()["groq"] == 0


async def test_huggingface_payment_required_lasts_until_the_month_is_over() -> None:
    spent = fails(402, quota("You have depleted your monthly included credits."))
    async with Walk(huggingface=[spent, says("new month")], groq=[says("other")]) as walk:
        router = walk.router("huggingface", "groq", limits=ModelLimits(usd_per_month=0.1))
        await ask(router)
        walk.hands.pass_time(12 * DAY_S)  # 30 November
        assert (await ask(router))[0] == "groq"
        walk.hands.pass_time(DAY_S)
        assert (await ask(router))[0] == "huggingface"


async def test_openrouter_a_full_platform_benches_every_free_model() -> None:
    platform = fails(429, quota("Rate limit exceeded: free-models-per-day", code=429))
    async with Walk(openrouter=[platform]) as walk:
        router = walk.router(models=("a:free", "b:free"), limits=ModelLimits(requests_per_day=50))
        with pytest.raises(GenerationFailed):
            await ask(router)
        assert walk.n_asked() == {"openrouter": 1}


async def test_openrouter_a_full_upstream_benches_its_own_model_alone() -> None:
    upstream = fails(429, quota("Provider returned error", metadata={"provider_name": "DeepInfra"}))
    async with Walk(openrouter=[upstream, says("from b")]) as walk:
        router = walk.router(models=("a:free", "b:free"), limits=ModelLimits(requests_per_day=50))
        assert await ask(router) == ("openrouter", "from b")


async def test_openrouter_one_allowance_covers_all_models_and_keys() -> None:
    async with Walk(openrouter=[says("yes")]) as walk:
        router = walk.router(n_keys=2, models=("a:free", "b:free"), limits=ModelLimits(requests_per_day=3))
        for _ in range(3):
            await ask(router)
        with pytest.raises(GenerationFailed, match="nobody may be asked now"):
            await ask(router)
        assert walk.n_asked() == {"openrouter": 3}


async def test_a_model_that_is_gone_is_not_asked_again_that_day() -> None:
    async with Walk(openrouter=[fails(404, quota("No endpoints found for x:free.")), says("second")]) as walk:
        router = walk.router(models=("gone:free", "there:free"))
        for _ in range(3):
            assert (await ask(router))[0] == "openrouter"
        assert walk.n_asked() == {"openrouter": 4}


@pytest.mark.parametrize("status", [401, 403])
async def test_a_wrong_key_rules_out_its_models_and_not_the_other_keys(status: int) -> None:
    wrong = fails(status, {"error": {"message": "This key may not do that."}})
    async with Walk(groq=[wrong, says("with the second key")]) as walk:
        router = walk.router(n_keys=2, models=("a", "b"))
        assert await ask(router) == ("groq", "with the second key")
        used = [(asked.body["model"], asked.headers["authorization"][-1]) for asked in walk.servers["groq"].asked]
        assert used == [("a", "0"), ("a", "1")]
        await ask(router)
        assert walk.servers["groq"].asked[-1].headers["authorization"].endswith("1")


async def test_a_silent_provider_is_not_taken_for_one_out_of_quota() -> None:
    """freellmapi 592: its bench is short, and it is asked again."""
    async with Walk(groq=[streamed(60.0), says("awake")], gemini=[says("other")]) as walk:
        router = walk.router(timeouts=ProviderTimeouts(first_text_s=0.2))
        assert (await ask(router))[0] == "gemini"
        walk.hands.pass_time(61)
        assert (await ask(router))[0] == "groq"


async def test_one_reply_that_breaks_off_is_forgiven_and_the_third_in_a_row_is_not() -> None:
    """litellm-rs 1190, freellmapi 1221."""
    cut = streamed(delta("half"))
    async with Walk(groq=[cut, cut, says("whole"), cut, cut, cut, says("never")], gemini=[says("other")]) as walk:
        router = walk.router()
        for is_whole in (False, False, True, False, False, False):
            if is_whole:
                assert (await ask(router))[0] == "groq"
            else:
                with pytest.raises(GenerationFailed):
                    await ask(router)
        assert (await ask(router))[0] == "gemini"


async def test_faults_in_a_row_are_left_alone_longer_each_time_and_never_a_day() -> None:
    """LiteLLM 34836: 25 errors in a row left a deployment in rotation."""
    async with Walk(groq=[fails(500)], gemini=[says("other")]) as walk:
        router = walk.router()
        for _ in range(DAY_S // 900 * 2):
            await ask(router)
            walk.hands.pass_time(450)
        assert DAY_S // 900 - 5 <= walk.n_asked()["groq"] <= DAY_S // 900 + 5


async def test_withheld_content_is_not_held_against_anybody() -> None:
    async with Walk(gemini=[streamed(delta(None, "content_filter"), DONE)], groq=[says("other")]) as walk:
        router = walk.router()
        for _ in range(5):
            assert (await ask(router))[0] == "groq"
        assert walk.n_asked()["gemini"] == 5


async def test_an_expired_key_is_not_asked_again_that_day() -> None:
    expired = fails(400, [{"error": {"message": "API key expired.", "details": [{"reason": "API_KEY_INVALID"}]}}])
    async with Walk(gemini=[expired], groq=[says("other")]) as walk:
        router = walk.router()
        for _ in range(5):
            assert (await ask(router))[0] == "groq"
            walk.hands.pass_time(3600)
        assert walk.n_asked()["gemini"] == 1


FLAGGED = fails(403, {"error": {"code": 403, "message": "Input was flagged", "metadata": {"reasons": ["violence"]}}})


@pytest.mark.parametrize("refusal", [FLAGGED, streamed(delta(None, "SAFETY"), DONE)])
async def test_one_persons_refused_questions_take_the_provider_from_nobody(refusal) -> None:
    questions = [refusal] * 9 + [fails(500), says("to somebody else")]
    async with Walk(openrouter=questions, groq=[says("other")]) as walk:
        router = walk.router()
        for _ in range(10):
            assert (await ask(router))[0] == "groq"
        walk.hands.pass_time(61)  # the fault is the first in a row
        assert await ask(router) == ("openrouter", "to somebody else")


async def test_a_firewall_that_refuses_one_text_takes_the_provider_from_nobody() -> None:
    async with Walk(
        openrouter=[fails(403, "<html>Forbidden</html>"), says("to somebody else")], groq=[says("x")]
    ) as walk:
        router = walk.router()
        assert (await ask(router))[0] == "groq"
        assert await ask(router) == ("openrouter", "to somebody else")


@pytest.mark.parametrize("odd", [streamed(delta(" "), delta(None, "stop")), fails(400, {"error": {"message": "odd"}})])
async def test_a_person_who_gets_nothing_out_of_a_provider_costs_others_a_minute_at_most(odd) -> None:
    async with Walk(groq=[odd], gemini=[says("other")]) as walk:
        router = walk.router()
        for _ in range(40):
            await ask(router)
            walk.hands.pass_time(30)
        assert walk.n_asked()["groq"] >= 20 - 1


@pytest.mark.parametrize("number", ["9" * 5_000, "-1", "1e9", "²", ""])
async def test_limits_in_headers_of_any_form_are_survived(number: str) -> None:
    odd = streamed(delta("yes", "stop"))
    named = {f"x-ratelimit-{what}-{kind}": number for what in ("limit", "remaining") for kind in ("requests", "tokens")}
    async with Walk(groq=[Canned(odd.steps, headers={**odd.headers, **named})]) as walk:
        router = walk.router(header_periods={"requests": "day", "tokens": "minute"})
        for _ in range(3):
            assert await ask(router) == ("groq", "yes")


async def test_who_is_named_is_not_asked() -> None:
    async with Walk(groq=[says("a")], gemini=[says("b")]) as walk:
        opened = await walk.router().open(PROMPT, Sampling(), "en", without={("groq", "groq-1")})
        assert opened.generator == "gemini"
        await opened.pieces.aclose()


# --- counting ------------------------------------------------------------------------------------


def limited(**limits: int) -> tuple[ProviderModel]:
    return (ProviderModel("limited", limits=ModelLimits(**limits)),)


async def test_the_last_request_of_a_limit_is_used_and_none_past_it() -> None:
    """LiteLLM 33032: off by one."""
    async with Walk(groq=[says("yes")]) as walk:
        router = walk.router(models=limited(requests_per_day=7))
        for _ in range(7):
            await ask(router)
        with pytest.raises(GenerationFailed):
            await ask(router)
        assert walk.n_asked() == {"groq": 7}


async def test_requests_in_flight_cannot_pass_a_limit_together() -> None:
    """LiteLLM 5783 and 3788: check, then act."""
    async with Walk(groq=[streamed(0.1, delta("yes"), delta("", "stop"), DONE)], gemini=[says("other")]) as walk:
        table = [
            provider("groq", walk.servers["groq"].url, *limited(requests_per_minute=5)),
            provider("gemini", walk.servers["gemini"].url),
        ]
        router = open_router(table, keys_of(*table), walk.client, walk.ledger)
        answers = await asyncio.gather(*(ask(router) for _ in range(30)))
        assert [name for name, _ in answers].count("groq") == 5
        assert walk.n_asked() == {"groq": 5, "gemini": 25}


async def test_the_current_calls_own_tokens_count_and_are_settled_by_usage() -> None:
    """LiteLLM 1289."""
    async with Walk(groq=[streamed(delta("yes"), delta("", "stop"), USAGE, DONE)]) as walk:
        router = walk.router(models=limited(tokens_per_day=10_000))
        opened = await router.open(PROMPT, Sampling(max_new_tokens=200), "en")
        (held,) = walk.ledger.uses(router.routes[0])
        assert held.n_used > 200
        _ = [piece async for piece in opened.pieces]
        (used,) = walk.ledger.uses(router.routes[0])
        assert used.n_used == 14  # as the provider counted


async def test_only_prompts_count_where_the_provider_counts_only_prompts() -> None:
    async with Walk(gemini=[streamed(delta("yes"), delta("", "stop"), USAGE, DONE)]) as walk:
        router = walk.router(models=limited(tokens_per_minute=1000), counted="prompt")
        await ask(router)
        (used,) = walk.ledger.uses(router.routes[0])
        assert used.n_used == 9


async def test_groq_what_its_headers_say_is_left_is_believed() -> None:
    headers = {
        "content-type": "text/event-stream",
        "x-ratelimit-limit-requests": "1000",
        "x-ratelimit-remaining-requests": "1",
        "x-ratelimit-limit-tokens": "8000",
        "x-ratelimit-remaining-tokens": "7990",
        "x-ratelimit-reset-requests": "2m59.56s",
    }
    told = type(DONE_REPLY)(DONE_REPLY.steps, headers=headers)
    async with Walk(groq=[told], gemini=[says("other")]) as walk:
        table = [
            provider(
                "groq",
                walk.servers["groq"].url,
                *limited(requests_per_day=14_400),
                header_periods={"requests": "day", "tokens": "minute"},
            ),
            provider("gemini", walk.servers["gemini"].url),
        ]
        router = open_router(table, keys_of(*table), walk.client, walk.ledger)
        await ask(router)
        (use,) = walk.ledger.uses(router.routes[0])
        assert (use.limit, use.n_left) == (1000, 1)
        assert (await ask(router))[0] == "gemini"  # past the soft share: kept for when nobody else can


DONE_REPLY = says("yes")


async def test_past_the_soft_share_others_are_preferred_until_they_are_spent_too() -> None:
    async with Walk(groq=[says("yes")], gemini=[says("yes")]) as walk:
        router = walk.router(models=limited(requests_per_day=10))
        order = [(await ask(router))[0] for _ in range(20)]
        assert order == ["groq"] * 8 + ["gemini"] * 8 + ["groq"] * 2 + ["gemini"] * 2


async def test_a_request_of_the_last_minute_is_forgotten_after_it() -> None:
    async with Walk(groq=[says("yes")], gemini=[says("other")]) as walk:
        router = walk.router("groq", models=limited(requests_per_minute=2), budget_s=1.0)
        await ask(router)
        walk.hands.pass_time(30)
        await ask(router)
        with pytest.raises(GenerationFailed):
            await ask(router)
        walk.hands.pass_time(31)
        await ask(router)
        assert walk.n_asked()["groq"] == 3


async def test_the_soonest_is_waited_for_rather_than_failing() -> None:
    """LiteLLM 3646: everybody in cooldown was a hard failure."""
    async with Walk(groq=[fails(429, quota(), {"retry-after": "1"}), says("back")]) as walk:
        walk.ledger = Ledger()  # the machine's own clock
        assert await ask(walk.router()) == ("groq", "back")
        assert walk.n_asked() == {"groq": 2}


async def test_an_answer_has_a_budget_of_time_however_many_are_silent() -> None:
    """freellmapi 484: 38.8 s over 11 attempts."""
    silent = {name: [streamed(60.0)] for name in ("groq", "gemini", "huggingface", "openrouter")}
    async with Walk(**silent) as walk:
        router = walk.router(budget_s=0.5, timeouts=ProviderTimeouts(first_text_s=0.2))
        start_s = asyncio.get_running_loop().time()
        with pytest.raises(GenerationFailed, match="time for this answer is over"):
            await ask(router)
        assert asyncio.get_running_loop().time() - start_s < 5
        assert sum(walk.n_asked().values()) == 3
        assert not walk.ledger.cooldowns(router.routes[2])  # had too little time to be blamed


# --- restarts, clocks, money ---------------------------------------------------------------------


async def test_a_restart_sees_the_same_counts_and_cooldowns(database) -> None:
    hands = Hands()
    dead = fails(429, quota("free-models-per-day"))
    async with Walk(hands=hands, groq=[dead], gemini=[says("yes")]) as walk:
        for n_asked in (3, 5, 5):
            walk.ledger = Ledger(Quotas(database), hands.clock())
            router = walk.router("groq", "gemini", models=limited(requests_per_day=5))
            for _ in range(3):
                try:
                    await ask(router)
                except GenerationFailed:
                    break
            await walk.ledger.close()
            assert walk.n_asked() == {"groq": 1, "gemini": n_asked}


async def test_two_replicas_together_never_pass_a_limit(database) -> None:
    hands = Hands()
    async with Walk(hands=hands, groq=[says("yes")]) as walk:
        ledgers = [Ledger(Quotas(database), hands.clock()) for _ in range(2)]
        routers = []
        for ledger in ledgers:
            walk.ledger = ledger
            routers.append(walk.router(models=limited(requests_per_day=20)))
        for _ in range(12):
            await asyncio.gather(*(ask(router) for router in routers), return_exceptions=True)
        for ledger in ledgers:
            await ledger.close()
        assert 19 <= walk.n_asked()["groq"] <= 20


async def test_a_clock_set_back_a_day_gives_no_day_back() -> None:
    async with Walk(groq=[says("yes")]) as walk:
        router = walk.router(models=limited(requests_per_day=2, requests_per_minute=5))
        for _ in range(2):
            await ask(router)
        walk.hands.wall_s -= DAY_S
        with pytest.raises(GenerationFailed):
            await ask(router)
        walk.hands.pass_time(DAY_S)
        assert await ask(router) == ("groq", "yes")  # and time goes on


async def test_a_clock_set_back_during_a_restart_gives_no_day_back(database) -> None:
    hands = Hands()
    async with Walk(groq=[says("yes")]) as walk:
        for n_asked in (2, 2):
            walk.ledger = Ledger(Quotas(database), hands.clock())
            router = walk.router(models=limited(requests_per_day=2))
            for _ in range(2):
                await asyncio.gather(ask(router), return_exceptions=True)
            await walk.ledger.close()
            assert walk.n_asked() == {"groq": n_asked}
            hands.wall_s -= DAY_S


PRICED = ProviderModel("priced", usd_per_million=Price(prompt=100.0, completion=1000.0))


async def test_a_paid_provider_stops_at_the_months_money_and_goes_on_the_month_after() -> None:
    reply = streamed(
        delta("yes"),
        delta("", "stop"),
        event({"choices": [], "usage": {"prompt_tokens": 1000, "completion_tokens": 100}}),
        DONE,
    )
    async with Walk(openai=[reply]) as walk:
        router = walk.router(models=(PRICED,), paid=True, monthly_usd=1.0)
        for _ in range(10):
            await asyncio.gather(ask(router), return_exceptions=True)
        assert walk.n_asked() == {"openai": 4}  # 0.20 each; the fifth might have cost 0.30
        walk.hands.pass_time(13 * DAY_S)
        await ask(router)
        assert walk.n_asked() == {"openai": 5}


async def test_a_paid_provider_is_off_until_it_is_allowed_money() -> None:
    table = read_providers()
    free, paid = (routes(table, keys_of(*table), usd) for usd in (0.0, 5.0))
    assert [r.provider.name for r in free] == [r.provider.name for r in paid if not r.provider.paid]
    assert [r.provider.name for r in paid][-1] == "openai"
    assert [rule.limit for rule in paid[-1].rules] == [5_000_000]


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        ({"K": "abc"}, ["abc"]),
        ({"K": "  abc\n"}, ["abc"]),
        ({"K": "ab\n c"}, ["abc"]),
        ({"K": '"abc"'}, ["abc"]),
        ({"K": "a, b,,a"}, ["a", "b"]),
        ({"K": "a", "K_2": "b", "K_3": " "}, ["a", "b"]),
        ({"K_2": "b", "K": None}, ["b"]),
        ({"K": " , "}, []),
        ({}, []),
    ],
)
def test_keys_are_read_however_they_were_pasted(values: dict[str, str | None], keys: list[str]) -> None:
    assert [key.get_secret_value() for key in read_keys(values, "K")] == keys
