"""Window reader: log-odds that windows of passages answer a question, by the match head over the embedder's layers.

The only user of torch for reading. What the layers make of a window is kept, bounded in bytes, so that a passage that
is found again is read in a millisecond. Does not choose the windows (``core.retrieval.reading.windows``).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import torch
from torch import Tensor

from core.models.lower_layers import LowerLayers
from core.models.match_head import MatchHead, Padded, body_mask, shipped_head, side_by_side
from core.retrieval.reading.windows import Window

MAX_BYTES = 64 << 20
"""Of the kept windows' states: about 3,000 windows, or 1,000 passages."""


@dataclass(frozen=True, slots=True)
class WindowStates:
    """A window's projected states, shape ``(T, WIDTH)``, and the range of its own tokens."""

    states: Tensor
    body: tuple[int, int]

    @property
    def n_bytes(self) -> int:
        """Return the size of the states."""
        return self.states.nelement() * self.states.element_size()


class StateCache:
    """The states of the windows read last, of at most ``max_bytes`` together. Thread-safe."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes, self._n_bytes = max_bytes, 0
        self._kept: OrderedDict[Window, WindowStates] = OrderedDict()
        self._lock = Lock()

    @property
    def n_bytes(self) -> int:
        """Return the size of everything kept."""
        return self._n_bytes

    def get(self, windows: Sequence[Window]) -> dict[Window, WindowStates]:
        """Return what is kept of ``windows``, which are then the last to go."""
        with self._lock:
            known = {window: self._kept[window] for window in windows if window in self._kept}
            for window in known:
                self._kept.move_to_end(window)
            return known

    def put(self, computed: Mapping[Window, WindowStates]) -> None:
        """Keep states; those not read for longest make room."""
        with self._lock:
            for window, states in computed.items():
                if window not in self._kept:
                    self._kept[window] = states
                    self._n_bytes += states.n_bytes
            while self._n_bytes > self._max_bytes:
                self._n_bytes -= self._kept.popitem(last=False)[1].n_bytes


class WindowReader:
    """Reads windows for a question. Safe to use from several threads."""

    def __init__(self, layers: LowerLayers, head: MatchHead, max_bytes: int = MAX_BYTES) -> None:
        """Judge by ``head`` what ``layers`` make of question and windows."""
        self._layers, self._head = layers, head
        self._cache = StateCache(max_bytes)

    @torch.inference_mode()
    def log_odds(self, question: str, windows: Sequence[Window]) -> list[float]:
        """Return the log-odds that each window answers ``question``. Blocks."""
        if not windows:
            return []
        (asked,) = self._layers.states([self._layers.question(question)])
        states = self._states(windows)
        texts = side_by_side([states[window].states.float() for window in windows])
        asked_often = asked.float().expand(len(windows), -1, -1)
        everywhere = torch.ones(asked_often.shape[:2], dtype=torch.bool)
        is_body = body_mask(texts, [states[window].body for window in windows])
        log_odds: list[float] = self._head(Padded(asked_often, everywhere), texts, is_body)[0].tolist()
        return log_odds

    def _states(self, windows: Sequence[Window]) -> Mapping[Window, WindowStates]:
        """Return the states of windows, computed where they are not kept."""
        known = self._cache.get(windows)
        missing = list(dict.fromkeys(window for window in windows if window not in known))
        encoded = [self._layers.text(window.name, window.body) for window in missing]
        computed = {
            window: WindowStates(self._head.projected(states.float()).half(), text.body)
            for window, text, states in zip(missing, encoded, self._layers.states(encoded), strict=True)
        }
        self._cache.put(computed)
        return {**known, **computed}


def open_window_reader(folder: Path) -> WindowReader:
    """Return the shipped head on the default embedder in ``folder``. Blocks.

    Raises as ``core.models.bert.read_bert`` does.
    """
    return WindowReader(LowerLayers(folder), shipped_head())
