"""Keys and values of earlier tokens, kept in buffers that grow by doubling (specification 2.2).

transformers' ``DynamicCache`` copies all of it at every token; here a token is written into the room behind the last.
For inference: a buffer that is written again has no gradient.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor
from transformers.cache_utils import Cache, DynamicLayer

_LEAST_ROOM = 64


class GrowingLayer(DynamicLayer):
    """Keys and values of one layer, each (batch, heads, tokens, head size): views of buffers with room for more."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self._rooms: tuple[Tensor, Tensor] | None = None

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """Append keys and values (batch, heads, new tokens, head size); return all of them."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        n_known = self.get_seq_length()
        n = n_known + key_states.shape[2]
        if self._rooms is None or not self._has_room(self._rooms[0], n):
            self._rooms = self._moved(key_states, self.keys, n), self._moved(value_states, self.values, n)
        for room, new in zip(self._rooms, (key_states, value_states), strict=True):
            room[:, :, n_known:n] = new
        keys, values = (room[:, :, :n] for room in self._rooms)
        self.keys, self.values = keys, values
        return keys, values

    def reset(self) -> None:
        """Forget everything."""
        super().reset()
        self._rooms = None

    def _has_room(self, room: Tensor, n: int) -> bool:
        """Tell whether ``n`` tokens fit, and the keys are still the view of the buffer that ``update`` left.

        They are not once rows were reordered, selected or repeated (beam search).
        """
        held = self.keys
        return held is not None and held.data_ptr() == room.data_ptr() and len(held) == len(room) and n <= room.shape[2]

    @staticmethod
    def _moved(like: Tensor, held: Tensor | None, n: int) -> Tensor:
        """Return a buffer for ``n`` tokens and as many more as there were, with what is held copied into it."""
        batch, heads, _, size = like.shape
        n_held = held.shape[2] if held is not None and held.numel() else 0
        room = like.new_empty(batch, heads, max(n, 2 * n_held, _LEAST_ROOM), size)
        if held is not None and n_held:
            room[:, :, :n_held] = held
        return room


class KvCache(Cache):
    """A cache for ``past_key_values`` of any transformers model with full attention."""

    def __init__(self) -> None:
        super().__init__(layer_class_to_replicate=GrowingLayer)
