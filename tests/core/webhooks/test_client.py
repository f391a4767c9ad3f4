"""Deliveries to webhooks: signed as others check it, and to no address inside the operator's network."""

from __future__ import annotations

import pytest
from aiohttp import web

from core.curation.guarded_http import GuardedHttp
from core.errors import BadInput
from core.storage.delivery.webhooks import OutgoingWebhook
from core.types import SpaceId
from core.webhooks.client import WebhookClient, signature
from tests.core.curation.test_fetch import serving

HERE = SpaceId("discord:1")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
"""The example of the Standard Webhooks specification."""


def webhook(url: str) -> OutgoingWebhook:
    return OutgoingWebhook(1, HERE, url, SECRET, ("answer.given",), 0, None, "", None, 0)


def test_the_signature_is_that_of_the_specification() -> None:
    signed = signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_a_delivery_carries_its_id_time_and_signature() -> None:
    bodies = []

    async def take(request: web.Request) -> web.Response:
        bodies.append(await request.read())
        return web.Response(status=204)

    async with serving(take) as site:
        client = WebhookClient(GuardedHttp(frozenset({site.host})))
        outcome = await client.post(webhook(f"{site.base}/hook"), "msg_1", '{"type": "á"}', 1_700_000_000)
    headers = site.seen[0].headers
    assert outcome.is_taken and site.seen[0].method == "POST"
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("msg_1", "1700000000")
    assert headers["webhook-signature"] == signature(SECRET, "msg_1", 1_700_000_000, bodies[0])
    assert bodies == ['{"type": "á"}'.encode()]


@pytest.mark.parametrize(("status", "is_gone"), [(302, False), (400, False), (410, True), (500, False)])
async def test_anything_but_a_2xx_is_no_delivery_and_no_redirect_is_followed(status: int, is_gone: bool) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    async with serving(refuse) as site:
        client = WebhookClient(GuardedHttp(frozenset({site.host})))
        outcome = await client.post(webhook(site.base), "msg_1", "{}", 1)
    assert (outcome.problem, outcome.is_gone, len(site.seen)) == (str(status), is_gone, 1)


async def test_nothing_is_delivered_into_the_network_however_the_address_was_stored() -> None:
    async def take(_: web.Request) -> web.Response:
        return web.Response()

    async with serving(take) as site:
        outcome = await WebhookClient(GuardedHttp()).post(webhook(site.base), "msg_1", "{}", 1)
        assert outcome.problem in ("fetch.inside", "fetch.refused") and not site.seen


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("http://example.org/hook", "webhook.not_https"),
        ("https://127.0.0.1/hook", "fetch.inside"),
        ("https://[::ffff:10.0.0.1]/hook", "fetch.inside"),
        ("https://example.org:8443/hook", "fetch.refused"),
        ("https://me:word@example.org/hook", "fetch.refused"),
        ("ftp://example.org", "fetch.not_an_address"),
        ("https://example.org/" + "x" * 500, "webhook.long_url"),
    ],
)
def test_an_address_that_cannot_be_told_is_refused_when_it_is_typed(typed: str, key: str) -> None:
    with pytest.raises(BadInput) as raised:
        WebhookClient(GuardedHttp()).usable(typed)
    assert raised.value.key == key


def test_what_the_operator_allows_is_usable_without_tls() -> None:
    client = WebhookClient(GuardedHttp(frozenset({"hooks.internal:8080"})))
    assert client.usable("http://hooks.internal:8080/x") == "http://hooks.internal:8080/x"
    assert client.usable("example.org/hook") == "https://example.org/hook"
