"""A concurrency limit whose waiting line is fair between spaces, then between the people of a space.

With a limit the first of many finishes early instead of all of them late. Spaces take turns, in a space its people do,
and of one person's tasks few run at a time, in every space together: many messages of one person delay nobody else.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from types import TracebackType
from typing import Self

from core.types import SpaceId

_People = OrderedDict[str, deque[asyncio.Future[None]]]


class FairQueue:
    """Lets at most ``n`` tasks hold a slot at a time, and at most ``n_each`` tasks of one person run at a time."""

    def __init__(self, n: int, n_each: int = 1) -> None:
        self._n_free = n
        self._n_each = n_each
        self._n_running: Counter[str] = Counter()
        self._waiting: OrderedDict[SpaceId, _People] = OrderedDict()

    def turn(self, space: SpaceId, person: str) -> QueueSlot:
        """Return a slot for a task of a person, an async context manager to be entered once."""
        return QueueSlot(self, space, person)

    async def enter(self, space: SpaceId, person: str) -> None:
        """Take a slot, waiting for one; from then on a task of ``person`` runs."""
        if self._n_free and self._n_running[person] < self._n_each:
            self._n_free -= 1
            self._n_running[person] += 1
            return
        called = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(space, OrderedDict()).setdefault(person, deque()).append(called)
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():  # called in the moment of leaving: the turn is the next one's
                self.release_slot()
                self.release_person(person)
            raise

    def release_slot(self) -> None:
        """Release one slot."""
        self._n_free += 1
        self._call()

    def release_person(self, person: str) -> None:
        """Note that a task of ``person`` ended."""
        self._n_running[person] -= 1
        if not self._n_running[person]:
            del self._n_running[person]
        self._call()

    def _call(self) -> None:
        while self._n_free and (person := self._next_person()) is not None:
            self._n_free -= 1
            self._n_running[person] += 1

    def _next_person(self) -> str | None:
        """Call the task whose turn it is and return its person; ``None`` when none may run."""
        for space, people in list(self._waiting.items()):
            for person, line in list(people.items()):
                if self._n_running[person] >= self._n_each:
                    continue
                called = _first_waiting(line)
                del people[person]
                if line:
                    people[person] = line  # behind the others of the space
                if called is not None:
                    del self._waiting[space]
                    if people:
                        self._waiting[space] = people  # behind the other spaces
                    called.set_result(None)
                    return person
            if not people:
                del self._waiting[space]
        return None


class QueueSlot:
    """One slot, held from entering the block until its end or until ``end``; the task runs until the block ends."""

    def __init__(self, queue: FairQueue, space: SpaceId, person: str) -> None:
        self._queue = queue
        self._space = space
        self._person = person
        self._is_held = False

    def end(self) -> None:
        """Release the slot now; releasing it again changes nothing."""
        if self._is_held:
            self._is_held = False
            self._queue.release_slot()

    async def __aenter__(self) -> Self:
        await self._queue.enter(self._space, self._person)
        self._is_held = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        self._queue.release_person(self._person)


def _first_waiting(line: deque[asyncio.Future[None]]) -> asyncio.Future[None] | None:
    """Take tasks from the front of a line until one still waits; ``None`` when all of them gave up."""
    while line:
        called = line.popleft()
        if not called.done():
            return called
    return None
