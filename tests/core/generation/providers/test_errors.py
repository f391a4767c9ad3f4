"""What providers' error bodies and headers are taken to mean."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.generation.providers.errors import FailureKind, failure_of, redact, seconds
from core.generation.providers.quota_errors import SpentQuota

KEY = "gsk_PLANTEDkey0123456789abcdefXYZ"
NOW_S = 1_795_000_000.0  # 2026-11-18T10:26:40Z


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("17", 17.0),
        ("0.5", 0.5),
        ("17s", 17.0),
        ("2m59.56s", 179.56),
        ("9m38.016s", 578.016),
        ("120ms", 0.12),
        ("1h2m3s", 3723.0),
        ("37.295530399s", 37.295530399),
        ("2 seconds", 2.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("5 potatoes", None),
        ("Wed, 18 Nov 2026 10:27:40 GMT", None),
    ],
)
def test_seconds_reads_plain_numbers_and_go_durations(text, expected):
    assert seconds(text) == (pytest.approx(expected) if expected is not None else None)


@given(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_seconds_of_a_go_duration_is_the_sum_of_its_parts(hours, minutes, whole_s, ms):
    expected = hours * 3600 + minutes * 60 + whole_s + ms / 1000
    assert seconds(f"{hours}h{minutes}m{whole_s}s{ms}ms") == pytest.approx(expected)


@given(st.text(max_size=40))
def test_seconds_never_breaks(text):
    wait = seconds(text)
    assert wait is None or wait >= 0


GEMINI_MINUTE = [
    {
        "error": {
            "code": 429,
            "message": "You exceeded your current quota. Please retry in 17.295530399s.",
            "status": "RESOURCE_EXHAUSTED",
            "details": [
                {
                    "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                    "violations": [{"quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"}],
                },
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "17s"},
            ],
        }
    }
]
GEMINI_EXPIRED = [
    {
        "error": {
            "code": 400,
            "message": "Renew it.",
            "status": "INVALID_ARGUMENT",
            "details": [{"reason": "API_KEY_INVALID"}],
        }
    }
]
GEMINI_DAY = json.loads(json.dumps(GEMINI_MINUTE).replace("PerMinute", "PerDay"))
GROQ_TOO_LARGE = {
    "error": {
        "message": "Request too large for model `x` on tokens per minute (TPM): Limit 8000, Requested 32979",
        "type": "tokens",
        "code": "rate_limit_exceeded",
    }
}
GROQ_DAY = {
    "error": {
        "message": "Rate limit reached on tokens per day (TPD): Limit 100000. Please try again in 9m38.016s.",
        "type": "tokens",
        "code": "rate_limit_exceeded",
    }
}


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind", "wait_s"),
    [
        (401, {}, {"error": {"message": "Invalid API Key"}}, FailureKind.AUTH, None),
        (403, {}, "<html>Forbidden</html>", FailureKind.REJECTED, None),  # a firewall, which may object to one text
        (403, {}, "", FailureKind.REJECTED, None),
        (403, {}, {"error": {"message": "Key limit exceeded (total limit)"}}, FailureKind.AUTH, None),
        (403, {}, {"error": {"message": "no", "status": "PERMISSION_DENIED"}}, FailureKind.AUTH, None),
        (403, {}, {"error": {"message": "Your API key was reported as leaked."}}, FailureKind.AUTH, None),
        (403, {}, {"error": {"message": "Country not supported"}}, FailureKind.AUTH, None),
        (403, {}, {"error": {"message": "You have no access to this model"}}, FailureKind.GONE, None),
        (
            403,
            {},
            {"error": {"message": "The input was flagged by moderation", "code": 403}},
            FailureKind.FILTERED,
            None,
        ),
        (200, {}, {"error": {"message": "flagged as unsafe by moderation", "code": 403}}, FailureKind.FILTERED, None),
        (400, {}, {"error": {"message": "no", "code": "content_policy_violation"}}, FailureKind.FILTERED, None),
        (400, {}, GEMINI_EXPIRED, FailureKind.AUTH, None),
        (400, {}, {"error": {"message": "API key expired. Please renew it."}}, FailureKind.AUTH, None),
        (400, {}, {"error": {"message": "API key not found."}}, FailureKind.AUTH, None),
        (400, {}, {"error": {"message": "User location is not supported for the API use."}}, FailureKind.AUTH, None),
        (400, {}, {"error": {"message": "bad " * 200 + "API key expired"}}, FailureKind.REJECTED, None),  # a quotation
        (
            400,
            {},
            {"error": {"message": {"api key": "expired"}, "code": [[]], "type": None}},
            FailureKind.REJECTED,
            None,
        ),
        (
            400,
            {},
            [{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}}],
            FailureKind.AUTH,
            None,
        ),
        (402, {}, {"error": "You have depleted your monthly included credits."}, FailureKind.QUOTA, None),
        (404, {}, {"error": {"message": "No endpoints found for x:free.", "code": 404}}, FailureKind.GONE, None),
        (400, {}, {"error": {"message": "retired", "code": "model_decommissioned"}}, FailureKind.GONE, None),
        (410, {}, "", FailureKind.GONE, None),
        (413, {}, GROQ_TOO_LARGE, FailureKind.TOO_LARGE, None),
        (400, {}, {"error": {"message": "too long", "code": "context_length_exceeded"}}, FailureKind.TOO_LARGE, None),
        (400, {}, {"error": {"message": "property 'logprobs' is unsupported"}}, FailureKind.REJECTED, None),
        (302, {"location": "https://elsewhere.example"}, "", FailureKind.REJECTED, None),
        (429, {"retry-after": "12"}, GROQ_DAY, FailureKind.QUOTA, 12.0),
        (429, {}, GROQ_DAY, FailureKind.QUOTA, 578.016),
        (429, {"retry-after": "2m59.56s"}, "", FailureKind.QUOTA, 179.56),
        (429, {"retry-after": "Wed, 18 Nov 2026 11:07:40 GMT"}, "", FailureKind.QUOTA, 60.0),
        (429, {"retry-after": "Wed, 18 Nov 2026 09:00:00 GMT"}, "", FailureKind.QUOTA, 0.0),
        (429, {"retry-after": "9999999"}, "", FailureKind.QUOTA, 86_400.0),
        (429, {"retry-after": "whenever"}, "", FailureKind.QUOTA, None),
        (429, {}, GEMINI_MINUTE, FailureKind.QUOTA, 17.0),
        (429, {"x-ratelimit-reset": "1795000042"}, "", FailureKind.QUOTA, 42.0),
        (429, {"x-ratelimit-reset": "1795000042500"}, "", FailureKind.QUOTA, 42.5),
        (429, {"x-ratelimit-reset": "6m0s"}, "", FailureKind.QUOTA, None),
        (429, {}, GEMINI_DAY, FailureKind.QUOTA, None),  # its "17s" is not true of a day
        (503, {"retry-after": "3"}, "<html>busy</html>", FailureKind.SERVER, 3.0),
        (500, {}, None, FailureKind.SERVER, None),
        (200, {}, {"error": {"code": 429, "message": "slow down"}}, FailureKind.QUOTA, None),
        (200, {}, {"error": {"message": "overloaded"}}, FailureKind.SERVER, None),
        (200, {}, {"error": {"code": "rate_limit_exceeded", "message": "slow down"}}, FailureKind.QUOTA, None),
    ],
)
def test_each_error_is_recognised(status, headers, body, kind, wait_s):
    failure = failure_of(status, headers, body, KEY, NOW_S)
    assert failure.kind is kind
    assert failure.retry_after_s == (pytest.approx(wait_s) if wait_s is not None else None)


def said(message, **rest):
    return {"error": {"message": message, **rest}}


@pytest.mark.parametrize(
    ("status", "body", "spent"),
    [
        (429, GEMINI_MINUTE, SpentQuota.MINUTE),
        (429, GEMINI_DAY, SpentQuota.DAY),
        (429, GROQ_DAY, SpentQuota.DAY),
        (429, said("Rate limit reached on requests per day (RPD): Limit 1000, Used 1000."), SpentQuota.DAY),
        (429, said("Rate limit reached on tokens per minute (TPM): Limit 8000, Used 7900."), SpentQuota.MINUTE),
        (429, said("Rate limit reached on requests per minute (RPM): Limit 30"), SpentQuota.MINUTE),
        (429, [said("Quota exceeded for metric: requests, limit: 0, model: gemini-9", code=429)], SpentQuota.NEVER),
        (429, [said("Quota exceeded for metric: requests, limit: 20, model: gemini-9", code=429)], None),
        (429, said("Rate limit exceeded: free-models-per-day"), SpentQuota.DAY),
        (429, said("Rate limit exceeded: free-models-per-min."), SpentQuota.MINUTE),
        (429, said("Provider returned error", metadata={"provider_name": "DeepInfra"}), SpentQuota.UPSTREAM),
        (402, {"error": "You have depleted your monthly included credits."}, SpentQuota.MONTH),
        (429, said("slow down"), None),
        (500, said("our daily maintenance"), None),
        (413, GROQ_TOO_LARGE, None),
        (200, said("free-models-per-day", code=429), SpentQuota.DAY),
    ],
)
def test_what_is_spent_is_read_from_each_dialect(status, body, spent):
    assert failure_of(status, {}, body, KEY, NOW_S).spent is spent


@pytest.mark.parametrize(
    "body", [[], {}, [[]], {"error": []}, {"error": None}, 7, {"error": {"details": [3, {"violations": 4}]}}]
)
def test_a_body_of_any_shape_is_survived(body):
    assert failure_of(500, {}, body, KEY, NOW_S).kind is FailureKind.SERVER


@pytest.mark.parametrize(
    "echo",
    [
        f"Incorrect API key provided: {KEY}.",
        f"Incorrect API key provided: {KEY[:9]}****{KEY[-4:]}.",
        f"header 'Authorization: Bearer {KEY}' refused",
        f'{{"authorization":"Bearer {KEY}"}}',
        "x" * 290 + " " + KEY,
    ],
)
def test_no_failure_repeats_the_key(echo):
    failure = failure_of(401, {}, {"error": {"message": echo}}, KEY, NOW_S)
    for shown in (str(failure), repr(failure), failure.detail, repr(failure.args)):
        assert not any(KEY[i : i + 8] in shown for i in range(len(KEY) - 7))


@given(st.text(max_size=30), st.text(max_size=30), st.text("abcdefghij0123456789_-", min_size=8, max_size=40))
def test_redact_leaves_no_key_behind(before, after, key):
    assert key not in redact(before + key + after, key)


def test_redact_leaves_no_control_characters_and_no_halves_of_characters():
    assert redact("slow\x1b]0;x\x07 do\u202ewn \ud83d.\x00", KEY) == "slow ]0;x do wn ."


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("9" * 5000),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "code", "message", "status", "type", "details", "reason", "violations", "quotaId"]
            )
            | st.sampled_from(["quotaValue", "retryDelay", "metadata", "provider_name"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "x-ratelimit-reset"]),
    st.text(max_size=20)
    | st.sampled_from(["9" * 5000, "Thu, 01 Jan 99999999999 00:00:00 GMT", "1" * 10 + "." + "0" * 400]),
)


@given(st.integers(100, 999), HEADERS, JSON)
def test_no_error_whatever_it_holds_is_more_than_a_failure(status, headers, body):
    failure = failure_of(status, headers, body, KEY, NOW_S)
    assert failure.retry_after_s is None or 0 <= failure.retry_after_s <= 86_400
    assert str(failure).isprintable()


@pytest.mark.parametrize(
    "message", ["(TPD): Limit " + "9" * 5000, "retry in " + "1s" * 40_000, "try again in " + "1" * 90_000]
)
def test_a_message_of_endless_digits_is_survived(message):
    assert failure_of(429, {}, {"error": {"message": message}}, KEY, NOW_S).kind is FailureKind.QUOTA


def test_redact_keeps_what_is_not_the_key():
    assert redact("Rate limit\n reached for org", KEY) == "Rate limit reached for org"
