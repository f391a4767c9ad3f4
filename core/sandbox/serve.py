"""The side of the child process: carries out one request after the other, and ends with its parent."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping

from core.errors import BadInput
from core.sandbox.frames import Frame, read_frame
from core.sandbox.limits import Budget, allow, confine, resident_bytes

OUT_OF_MEMORY = 75
"""Exit status of a process whose memory was not enough."""

Operation = Callable[[Frame], Frame]


def serve(operations: Mapping[str, Operation]) -> None:
    """Carry out requests from standard input, each with the ``operation`` its header names, until the input ends.

    Replies go to standard output, which is closed to everything else; a ``BadInput`` is one, with its key and values.
    Any other exception ends the process.
    """
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    confine()
    try:
        while (request := read_frame(requests)) is not None:
            allow(Budget(request.header["cpu_s"], request.header["memory_bytes"]))
            reply = _reply(operations[request.header["operation"]], request)
            replies.write(Frame({**reply.header, "resident_bytes": resident_bytes()}, reply.body).encode())
            replies.flush()
    except MemoryError:
        os._exit(OUT_OF_MEMORY)


def _reply(operation: Operation, request: Frame) -> Frame:
    try:
        return operation(request)
    except BadInput as error:
        return Frame({"error": error.key, "values": error.values})
