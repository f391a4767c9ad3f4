"""A sandbox whose requests misbehave, run as ``python -m tests.core.sandbox.misbehaving``."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from core.errors import BadInput
from core.sandbox.frames import Frame
from core.sandbox.serve import serve


def echo(request: Frame) -> Frame:
    print("what a library prints is no reply")
    return Frame({"pid": os.getpid(), "said": request.header.get("say"), "bytes": len(request.body)}, request.body)


def environment(request: Frame) -> Frame:
    return Frame({"environment": dict(os.environ)})


def refuse(request: Frame) -> Frame:
    raise BadInput("knowledge.empty", name="x")


def spin(request: Frame) -> Frame:
    while True:
        pass


def sleep(request: Frame) -> Frame:
    time.sleep(600)
    return Frame({})


def swallow(request: Frame) -> Frame:
    return Frame({"bytes": len(bytearray(request.header["n_bytes"]))})


def keep(request: Frame) -> Frame:
    globals()["kept"] = b"x" * request.header["n_bytes"]
    return Frame({"pid": os.getpid()})


def write(request: Frame) -> Frame:
    path = Path(request.header["path"])
    path.write_bytes(b"x" * request.header["n_bytes"])
    return Frame({"written": path.stat().st_size})


def abort(request: Frame) -> Frame:
    os.abort()


def leave(request: Frame) -> Frame:
    sys.exit(0)


def babble(request: Frame) -> Frame:
    for number in range(3, 20):
        try:
            os.write(number, b"no frame at all" * 1_000)
        except OSError:
            continue
    return Frame({})


def fall_silent(request: Frame) -> Frame:
    os.closerange(3, 20)
    time.sleep(600)
    return Frame({})


if __name__ == "__main__":
    operations = (echo, environment, refuse, spin, sleep, swallow, keep, write, abort, leave, babble, fall_silent)
    serve({operation.__name__: operation for operation in operations})
