"""Loading heavy libraries and models with little effect on the rest of the process.

transformers builds a model on torch's meta device and fills in the weights afterwards through state shared by all
threads; models loaded concurrently end up with uninitialised weights, so a lock serialises them.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

transformers_lock = threading.Lock()
"""To be held while transformers loads a model."""


@contextmanager
def loading_heavy() -> Iterator[None]:
    """Import libraries and load models in the block so that they slow down other threads and processes little.

    - ``GOMP_SPINCOUNT``, unless set, makes waiting OpenMP threads sleep after microseconds instead of milliseconds.
      Spinning costs up to nine tenths of the speed where processors are shared with an event loop or another program.
    - The garbage collector is off in the block and everything loaded is frozen: torch and transformers make 400,000
      objects, and a collection over them stops every thread for 0.3 s.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
