"""Loading models one after another.

transformers builds a model on torch's meta device and fills it afterwards, through state that all threads share: two
models loaded at the same time end up with weights that were never filled.
"""

from __future__ import annotations

import threading

one_at_a_time = threading.Lock()
"""Held while transformers loads a model."""
