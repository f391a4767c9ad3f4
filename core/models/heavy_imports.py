"""Loading heavy libraries and models: one at a time, and with little effect on the rest of the process.

transformers builds a model on torch's meta device and fills it afterwards, through state that all threads share: two
models loaded at the same time end up with weights that were never filled.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

transformers_lock = threading.Lock()
"""Held while transformers loads a model."""


@contextmanager
def loading_heavy() -> Iterator[None]:
    """Load heavy libraries and models in the block so that the rest of the process hardly feels them, then and later.

    - OpenMP threads that wait for one another go to sleep soon (after some microseconds, and not milliseconds). They
      spin otherwise, and where processors are shared, with an event loop, a second model, another program, that costs
      everybody up to nine tenths of the speed. ``GOMP_SPINCOUNT`` in the environment has the last word.
    - The garbage collector leaves what is loaded alone: torch and transformers are 400,000 objects, and it would stop
      every thread for 0.3 s each time it walks through them.
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
