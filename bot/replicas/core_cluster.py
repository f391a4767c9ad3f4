"""The cores as a gateway sees them: each message goes to one; another goes on when that one dies, is full or drains.

A person's messages go to the core that still works on an earlier one, whose queue keeps their order, else to the one
with the least to do. A reply that has been sent is not made again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from bot.replicas.core_addresses import CoreAddress, CoreAddresses
from bot.replicas.remote_call import CoreLost, CoreRefused, RemoteCall
from core.errors import Unavailable
from core.ports import Outlet
from core.types import Message

log = logging.getLogger(__name__)

N_LOST = 3
"""How often a message is begun; one that loses so many cores is taken for the cause."""


@dataclass(frozen=True, slots=True)
class ClusterPace:
    """Seconds a core is left alone after it refused, between two looks for one, and until a person is told."""

    rest_s: float = 1.0
    look_s: float = 0.25
    patience_s: float = 60.0


@dataclass(slots=True)
class CoreState:
    """What a gateway knows of one core: the people whose messages it works on, and until when it is left alone."""

    people: Counter[str] = field(default_factory=Counter)
    rests_until_s: float = 0.0

    @property
    def n_open(self) -> int:
        """Return how many messages it works on."""
        return self.people.total()


class CoreCluster:
    """Processes messages in cores (``core.ports.MessageProcessor``)."""

    def __init__(self, addresses: CoreAddresses, call: RemoteCall, pace: ClusterPace = ClusterPace()) -> None:
        self._addresses = addresses
        self._call = call
        self._pace = pace
        self._states: dict[CoreAddress, CoreState] = {}

    async def process(self, message: Message, outlet: Outlet) -> None:
        """Let a core answer a message. Raises ``Unavailable`` when none takes it, or it has lost ``N_LOST`` cores."""
        n_lost, look_until_s = 0, time.monotonic() + self._pace.patience_s
        while True:
            core = self._choose(await self._addresses.current(), message.person.id)
            if core is None:
                if time.monotonic() > look_until_s:
                    raise Unavailable("core.unreachable")
                await asyncio.sleep(self._pace.look_s)
                continue
            try:
                with self._at_work(core, message.person.id):
                    return await self._call.process(core, message, outlet)
            except CoreRefused as refused:
                log.info("%s does not take %s: %s", core.url, message.key, refused)
            except CoreLost as lost:
                n_lost, look_until_s = n_lost + 1, time.monotonic() + self._pace.patience_s
                log.warning("%s was lost while it worked on %s: %s", core.url, message.key, lost)
                if n_lost == N_LOST:
                    raise Unavailable("core.lost") from lost
            self._states[core].rests_until_s = time.monotonic() + self._pace.rest_s

    async def process_unaddressed(self, message: Message, outlet: Outlet) -> None:
        """Let a core answer a message that was not addressed to AION; raises as ``process`` does."""
        await self.process(message, outlet)

    def _choose(self, known: Sequence[CoreAddress], person: str) -> CoreAddress | None:
        now_s = time.monotonic()
        self._states = {each: self._states.get(each, CoreState()) for each in {*known, *self._busy()}}
        able = [each for each in known if self._states[each].rests_until_s <= now_s]
        theirs = (each for each in able if self._states[each].people[person])
        return next(theirs, None) or min(able, key=lambda each: self._states[each].n_open, default=None)

    def _busy(self) -> list[CoreAddress]:
        return [core for core, state in self._states.items() if state.n_open]

    @contextmanager
    def _at_work(self, core: CoreAddress, person: str) -> Iterator[None]:
        state = self._states[core]
        state.people[person] += 1
        try:
            yield
        finally:
            state.people -= Counter({person: 1})
