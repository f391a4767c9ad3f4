"""A transaction pooler before PostgreSQL, as PgBouncer is in its transaction mode, at its least kind.

Each transaction, and each statement outside one, runs on the next of the server's connections in turn: whatever a
client left on one (a prepared statement, a setting of the session) is not there when it goes on.
"""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

N_SERVERS = 3
_SSL_REQUEST, _STARTUP = 80877103, 196608
_READY, _AUTHENTICATION = b"Z", b"R"


@dataclass
class _Server:
    """One connection to PostgreSQL."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


@dataclass
class Pooler:
    """A running pooler. ``n_transactions`` it has carried; ``greeting`` is what servers say when connected to."""

    host: str
    server_port: int
    port: int = 0
    n_transactions: int = 0
    greeting: bytes = b""
    _idle: deque[_Server] = field(default_factory=deque)
    _waiting: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    _clients: set[asyncio.StreamWriter] = field(default_factory=set)

    async def connect(self, user: str, database: str) -> None:
        """Open the server's connections."""
        for _ in range(N_SERVERS):
            server = _Server(*await asyncio.open_connection(self.host, self.server_port))
            names = b"".join(part.encode() + b"\0" for part in ("user", user, "database", database)) + b"\0"
            server.writer.write(struct.pack("!ii", len(names) + 8, _STARTUP) + names)
            kind, self.greeting = b"", b""
            while kind != _READY:
                kind, whole = await _message(server.reader)
                self.greeting += whole if kind != _AUTHENTICATION else b""
            self._give_back(server)

    def _give_back(self, server: _Server) -> None:
        self._idle.append(server)
        self._waiting.release()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client until it leaves."""
        self._clients.add(writer)
        try:
            if await self._greet(reader, writer):
                await self._carry(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._clients.discard(writer)
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one transaction after the other, each on the next connection."""
        coming = asyncio.create_task(_message(reader))
        try:
            while (await asyncio.wait([coming])) and coming.result()[0] != b"X":
                await self._waiting.acquire()
                server = self._idle.popleft()
                try:
                    coming = await self._transaction(coming, reader, writer, server)
                finally:
                    self._give_back(server)
                self.n_transactions += 1
        finally:
            coming.cancel()

    async def _transaction(
        self,
        coming: asyncio.Task[tuple[bytes, bytes]],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        server: _Server,
    ) -> asyncio.Task[tuple[bytes, bytes]]:
        """Pass messages both ways until no transaction is open; return the reading of the client's next."""
        answer = asyncio.create_task(_message(server.reader))
        while True:
            await asyncio.wait([coming, answer], return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                server.writer.write(coming.result()[1])
                coming = asyncio.create_task(_message(reader))
            if answer.done():
                kind, whole = answer.result()
                writer.write(whole)
                if kind == _READY and whole[-1:] == b"I":
                    return coming
                answer = asyncio.create_task(_message(server.reader))

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        while True:
            n_bytes, code = struct.unpack("!ii", await reader.readexactly(8))
            await reader.readexactly(n_bytes - 8)
            if code != _SSL_REQUEST:
                break
            writer.write(b"N")
        if code != _STARTUP:  # to cancel a statement; the client gives up waiting for it
            return False
        writer.write(_AUTHENTICATION + struct.pack("!ii", 8, 0) + self.greeting)
        return True

    def disconnect(self) -> None:
        """Drop every client, as a restart does."""
        for writer in self._clients:
            writer.transport.abort()


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Return a message's kind and all its bytes."""
    head = await reader.readexactly(5)
    return head[:1], head + await reader.readexactly(struct.unpack("!i", head[1:])[0] - 4)


@asynccontextmanager
async def transaction_pooler(server_port: int, user: str, database: str) -> AsyncIterator[Pooler]:
    """Run a pooler before a database on 127.0.0.1."""
    pooler = Pooler("127.0.0.1", server_port)
    await pooler.connect(user, database)
    listener = await asyncio.start_server(pooler.serve, "127.0.0.1", 0)
    pooler.port = listener.sockets[0].getsockname()[1]
    try:
        yield pooler
    finally:
        listener.close()
        pooler.disconnect()
        for server in pooler._idle:
            server.writer.close()
