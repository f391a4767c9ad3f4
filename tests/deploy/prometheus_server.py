"""A Prometheus on the loopback that reads one ``/metrics``."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import yaml

PROGRAM = shutil.which("prometheus")
_LISTENING = re.compile(r'msg="Listening on" address=(\S+)')


@asynccontextmanager
async def prometheus_of(target: str, folder: Path) -> AsyncIterator[str]:
    """Yield the address of a Prometheus that reads ``target`` (host:port) each second as the job ``aion``."""
    assert PROGRAM
    scraping = {"job_name": "aion", "static_configs": [{"targets": [target]}]}
    config = folder / "prometheus.yml"
    config.write_text(yaml.safe_dump({"global": {"scrape_interval": "1s"}, "scrape_configs": [scraping]}))
    options = (
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'series'}",
        "--web.listen-address=127.0.0.1:0",
    )
    process = await asyncio.create_subprocess_exec(PROGRAM, *options, stderr=asyncio.subprocess.PIPE)
    try:
        yield f"http://{await _address(process)}"
    finally:
        process.terminate()
        await process.communicate()


async def _address(process: asyncio.subprocess.Process) -> str:
    """Return where a Prometheus listens, once it is ready; it may say either first."""
    assert process.stderr
    address, is_ready, said = "", False, list[str]()
    async for line in process.stderr:
        said.append(line.decode())
        if match := _LISTENING.search(said[-1]):
            address = match[1]
        is_ready = is_ready or "Server is ready" in said[-1]
        if address and is_ready:
            return address
    raise AssertionError("".join(said))
