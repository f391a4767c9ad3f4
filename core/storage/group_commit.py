"""Group commit: independent writes of concurrent tasks share a transaction, as a commit costs more than a write.

It waits for the disk: what was accepted from people survives a power cut.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sqlalchemy import Insert, Update

from core.errors import Superseded
from core.storage.database import DATABASE_FAILURES, Database
from core.storage.engines.engine import Fence

Write = Insert | Update


class GroupCommit:
    """Commits independent statements; those that arrive during one commit are committed together in the next.

    ``fence`` returns the statement that must have rows in each of these transactions, if there is one.
    """

    def __init__(self, database: Database, fence: Callable[[], Fence | None] = lambda: None) -> None:
        self._database = database
        self._fence = fence
        self._waiting: list[tuple[Write, asyncio.Future[int]]] = []
        self._draining: asyncio.Task[None] | None = None

    async def run(self, statement: Write) -> int:
        """Return how many rows a statement changed, once it is committed.

        Raises one of ``DATABASE_FAILURES``, that of its transaction, which any statement of the batch may have caused;
        ``Superseded`` when the fence has no rows: nothing of the batch is written then.
        """
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((statement, done))
        if self._draining is None or self._draining.done():
            self._draining = asyncio.create_task(self._drain(), name="writes")
        return await done

    async def _drain(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await self._commit(batch)
            except (*DATABASE_FAILURES, Superseded) as error:
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
            finally:
                for _, done in batch:
                    done.cancel()  # no effect on a done future; so a cancelled drain leaves no task waiting

    async def _commit(self, batch: list[tuple[Write, asyncio.Future[int]]]) -> None:
        counts = await self._database.write_all_durably([statement for statement, _ in batch], self._fence())
        for (_, done), n_rows in zip(batch, counts, strict=True):
            if not done.done():
                done.set_result(n_rows)
