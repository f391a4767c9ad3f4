from __future__ import annotations

from types import SimpleNamespace

import aiohttp
import discord
import pytest

from bot.adapters.discord.errors import failures
from bot.delivery.errors import DeliveryFailed, MessageGone, NotDelivered, PossiblyDelivered, Undeliverable


def refused(status: int, code: int = 0, **headers: str) -> discord.HTTPException:
    kinds = {403: discord.Forbidden, 404: discord.NotFound, 503: discord.DiscordServerError}
    response = SimpleNamespace(status=status, reason="", headers=headers)
    return kinds.get(status, discord.HTTPException)(response, {"code": code, "message": "why"})


def raised(error: Exception, *, repeatable: bool) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught, failures(repeatable=repeatable):
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (refused(404, 10008), MessageGone),  # unknown message
        (refused(404, 10015), MessageGone),  # unknown webhook
        (refused(401, 50027), MessageGone),  # webhook token expired
        (refused(400, 30046), MessageGone),  # too many edits of an old message
        (refused(404, 10003), Undeliverable),  # unknown channel
        (refused(403, 50001), Undeliverable),  # missing access
        (refused(400, 50035), Undeliverable),  # malformed
        (refused(429), NotDelivered),
        (discord.RateLimited(60.0), NotDelivered),
    ],
    ids=str,
)
@pytest.mark.parametrize("repeatable", [True, False])
def test_a_refusal_says_what_may_be_done_next(error, expected, repeatable):
    assert type(raised(error, repeatable=repeatable)) is expected


@pytest.mark.parametrize(
    "error",
    [
        *(refused(503), aiohttp.ServerDisconnectedError(), TimeoutError(), ConnectionResetError()),
        *(KeyError("id"), TypeError(), ValueError(), AttributeError(), OverflowError()),  # of a reply that is odd
    ],
    ids=repr,
)
def test_what_may_have_happened_is_repeated_only_where_that_cannot_double_it(error):
    assert type(raised(error, repeatable=True)) is NotDelivered
    assert type(raised(error, repeatable=False)) is PossiblyDelivered


def test_a_request_that_never_left_may_always_be_repeated():
    key = SimpleNamespace(host="h", port=1, is_ssl=False, ssl=None)
    error = aiohttp.ClientConnectorError(key, OSError("refused"))
    assert type(raised(error, repeatable=False)) is NotDelivered


@pytest.mark.parametrize(("header", "expected"), [("2.5", 2.5), ("soon", None)])
def test_a_429_is_waited_out_exactly(header, expected):
    error = raised(refused(429, **{"Retry-After": header}), repeatable=False)
    assert isinstance(error, NotDelivered)
    assert error.retry_after_s == expected


def test_what_is_not_about_delivery_passes_through():
    with pytest.raises(AssertionError), failures(repeatable=True):
        raise AssertionError
