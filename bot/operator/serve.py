"""``aion serve``: the local model over HTTP until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import AsyncExitStack

from bot.logs import set_up_logging
from bot.tracing import tracing
from bot.web.app import create_app, serve
from bot.web.bearer_token import require_token
from bot.web.inference import inference_router
from bot.web.inference_service import InferenceService
from core.assembly.models import open_local
from core.errors import UserError
from core.generation.local.lora_follower import following
from core.models.registry import LoraRegistry
from core.offload import offload
from core.settings import read_settings
from core.texts import say

log = logging.getLogger(__name__)


async def serve_local_model(host: str, port: int, at_once: int) -> None:
    """Serve at most ``at_once`` replies concurrently on ``host:port`` (0: any free port) until SIGTERM or SIGINT.

    Reads only models and LoRA weights from the data folder, so it runs beside ``aion run``. Raises ``Unavailable``
    without a token on a host other than loopback, and when the address cannot be bound.
    """
    settings = read_settings()
    token = require_token(host, settings.serve_token)
    set_up_logging(settings, ())
    local = open_local(settings, lambda key: log.info("%s", say("en", key)))
    app = create_app([inference_router(InferenceService(local, max_open=at_once), token)])
    async with AsyncExitStack() as stack:
        stack.push_async_callback(local.close)
        await stack.enter_async_context(tracing(settings.otlp_endpoint, "aion-serve"))
        await stack.enter_async_context(following(local, LoraRegistry(settings.data_dir / "loras")))
        try:
            async with asyncio.TaskGroup() as group:

                def started(url: str) -> None:
                    log.info("serving %s on %s", local.model, url)
                    group.create_task(offload(local.warm), name="warm")

                serving = group.create_task(serve(app, host, port, started), name="serve")
                for number in (signal.SIGTERM, signal.SIGINT):
                    asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
        except* UserError as errors:
            raise errors.exceptions[0] from None
