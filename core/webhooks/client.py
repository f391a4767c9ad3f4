"""One delivery to a webhook: an HTTP POST signed as Standard Webhooks 1.0 says.

The signature is HMAC-SHA256, by the key behind ``whsec_``, over ``id.timestamp.body``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from http import HTTPStatus

import httpx

from core.curation.guarded_http import USER_AGENT, GuardedHttp, readable_address
from core.errors import BadInput
from core.storage.delivery.webhooks import SECRET_PREFIX, OutgoingWebhook

DEADLINE_S = 15.0

MAX_URL_CHARS = 500


@dataclass(frozen=True, slots=True)
class PostOutcome:
    """The outcome of a delivery. ``problem`` is empty where it was taken, else a status or a key of the catalogue."""

    problem: str = ""
    is_gone: bool = False

    @property
    def is_taken(self) -> bool:
        """Return whether it was answered with a status of 200 to 299."""
        return not self.problem


@dataclass(frozen=True, slots=True)
class WebhookClient:
    """Delivers to webhooks at public addresses, and at those that the operator allows."""

    http: GuardedHttp

    def usable(self, typed: str) -> str:
        """Return a typed address of a webhook. Raises ``BadInput`` unless it is https and may be public."""
        url = readable_address(typed)
        if len(url) > MAX_URL_CHARS:
            raise BadInput("webhook.long_url", n=MAX_URL_CHARS)
        self.http.require_possible(url)
        parsed = httpx.URL(url)
        if parsed.scheme != "https" and not self.http.is_allowed(parsed):
            raise BadInput("webhook.not_https")
        return url

    async def post(self, webhook: OutgoingWebhook, message_id: str, body: str, at_s: int) -> PostOutcome:
        """Deliver a body once; ``at_s`` is the time now, in seconds. Redirects are failures. Never raises."""
        content = body.encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": USER_AGENT,
            "webhook-id": message_id,
            "webhook-timestamp": str(at_s),
            "webhook-signature": signature(webhook.secret, message_id, at_s, content),
        }

        async def send(client: httpx.AsyncClient) -> int:
            async with client.stream("POST", webhook.url, content=content) as response:
                return response.status_code  # the body is nobody's business, and may have no end

        try:
            status = await self.http.run(webhook.url, headers, send, DEADLINE_S)
        except BadInput as error:
            return PostOutcome(error.key)
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return PostOutcome()
        return PostOutcome(str(status), status == HTTPStatus.GONE)


def signature(secret: str, message_id: str, at_s: int, body: bytes) -> str:
    """Return the value of the header ``webhook-signature``, of version 1."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = hmac.new(key, f"{message_id}.{at_s}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"
