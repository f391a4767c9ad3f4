"""Webhooks put together: what delivers events, and what moderators set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from core.chat.notices import Notices
from core.curation.guarded_http import GuardedHttp
from core.settings import Settings
from core.storage.delivery.webhooks import Webhooks
from core.webhooks.client import WebhookClient
from core.webhooks.sender import WebhookSender
from core.webhooks.service import WebhookService


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """The sender of events, and the service over the webhooks they are sent to."""

    sender: WebhookSender
    service: WebhookService


def open_webhooks(
    settings: Settings, store: Webhooks, notices: Notices, now: Callable[[], datetime]
) -> WebhookDelivery:
    """Return what delivers to webhooks, at public addresses and those the operator allows."""
    client = WebhookClient(GuardedHttp(settings.fetch_allowed_hosts))
    return WebhookDelivery(WebhookSender(store, client, notices, now), WebhookService(store, client, now))
