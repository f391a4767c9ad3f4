"""``aion serve``: the local engine over HTTP, until told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal

from bot.logs import set_up_logging
from bot.web.app import create_app
from bot.web.app import serve as serve_app
from bot.web.bearer import require_token
from bot.web.inference import inference_router
from bot.web.service import Service
from core.bootstrap import assemble
from core.commands import Registry
from core.errors import UserError
from core.offload import offload
from core.settings import read_settings

log = logging.getLogger(__name__)


async def serve(host: str, port: int, at_once: int) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises ``Unavailable`` without a token on an address that others reach, and when the address cannot be had, the
    data folder cannot be used or the model cannot be loaded.
    """
    settings = read_settings()
    token = require_token(host, settings.serve_token)
    set_up_logging(settings, ())
    async with assemble(settings, Registry()) as aion:
        app = create_app([inference_router(Service(aion.local, max_open=at_once), token)])
        try:
            async with asyncio.TaskGroup() as group:

                def started(url: str) -> None:
                    log.info("serving %s on %s", aion.local.model, url)
                    group.create_task(offload(aion.local.warm), name="warm")

                serving = group.create_task(serve_app(app, host, port, started), name="serve")
                for number in (signal.SIGTERM, signal.SIGINT):
                    asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
        except* UserError as errors:
            raise errors.exceptions[0] from None
