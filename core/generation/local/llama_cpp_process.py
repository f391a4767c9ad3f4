"""The child process of llama.cpp: loading it in ours would block the event loop for up to a second.

The parent writes one JSON line with the load parameters to its standard input, and reads one with the server's URL or
the error from its standard output. The child ends at end of file on its standard input, so also with its parent.
"""

from __future__ import annotations

import json
import os
import sys
import weakref
from pathlib import Path
from subprocess import PIPE, Popen, TimeoutExpired
from typing import Any

from core.child_environment import child_environment

_STOP_S = 5.0
"""Seconds until a child that does not end is killed."""

_PREFILL_TOKENS = 512
"""Prompt tokens of one prefill step, between two checks for a closed connection."""


class LlamaProcess:
    """A llama.cpp server in a process of its own, until it is closed."""

    def __init__(self, model: Path, lora: Path | None, *, n_context: int, n_parallel: int, key: str) -> None:
        """Start it and wait until the model is loaded. Blocks. Raises ``RuntimeError`` when it cannot be."""
        root = str(Path(__file__).parents[3])
        paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        self._process = Popen(
            [sys.executable, "-P", "-m", __name__],
            stdin=PIPE,
            stdout=PIPE,
            text=True,
            env={"GOMP_SPINCOUNT": "300", **child_environment(PYTHONPATH=paths)},
            process_group=0,  # Ctrl-C is for the parent alone, which lets replies end first
        )
        self._stop = weakref.finalize(self, _stop, self._process)
        asked = {"model": str(model), "lora": str(lora or ""), "key": key}
        self.url = _loaded(self._process, json.dumps({**asked, "n_context": n_context, "n_parallel": n_parallel}))

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Return whether the process is alive."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it, and wait until it has."""
        self._stop()


def _loaded(process: Popen[str], asked: str) -> str:
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(asked + "\n")
        process.stdin.flush()
        told = json.loads(process.stdout.readline())
    except (OSError, ValueError):
        raise RuntimeError("llama.cpp ended while it loaded the model") from None
    if "error" in told:
        raise RuntimeError(told["error"])
    return str(told["url"])


def _stop(process: Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(_STOP_S)
    except TimeoutExpired:
        process.kill()
        process.wait()


def _server(asked: dict[str, Any]) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = asked["model"]
    if asked["lora"]:
        params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(asked["lora"], 1.0)]
    params.n_ctx = asked["n_context"]
    params.n_parallel, params.kv_unified = asked["n_parallel"], True
    params.n_batch = _PREFILL_TOKENS
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = os.cpu_count() or 1
    params.api_keys = [asked["key"]]
    params.cache_ram_mib, params.cache_idle_slots = 0, False  # prompts are kept where they are, not copied
    params.ui = False
    params.warmup, params.verbosity = False, -1
    return xllamacpp.Server(params)


def main() -> None:
    """Load the model that standard input names, print the URL, and serve until standard input ends."""
    parent = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever llama.cpp prints is no part of what the parent reads
    try:
        server = _server(json.loads(sys.stdin.readline()))
        told = {"url": server.listening_address}
    except (RuntimeError, ValueError) as error:
        told = {"error": str(error)}
    print(json.dumps(told), file=parent, flush=True)
    sys.stdin.read()
    os._exit(0)  # its threads would crash an orderly exit


if __name__ == "__main__":
    main()
