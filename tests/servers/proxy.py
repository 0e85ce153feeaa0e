"""A TCP proxy that breaks what passes through it, as networks do."""

import asyncio
import socket
import struct
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count

PIECE_BYTES = 16 * 1024


class Cut(StrEnum):
    """How a connection ends early."""

    FIN = "as if all had been said"
    RST = "as if the other side had crashed"


@dataclass(kw_only=True)
class Faults:
    """What the proxy does to connections, from the next one on. Counts say to how many.

    `cut_after` counts the bytes of an answer, its headers included; `None` cuts nothing.
    """

    cut_after: int | None = None
    cut: Cut = Cut.FIN
    cuts: int = 1_000_000
    blackhole: bool = False  # accept and read, and never answer
    stall_after: int | None = None  # pass on so many bytes of an answer, then nothing
    stalls: int = 1_000_000
    unavailable: int = 0  # so many connections are answered by 503
    refuse: bool = False  # reset at once, as where nobody listens
    rate: float | None = None  # bytes of answers a second, of each connection


@dataclass
class FaultProxy:
    """A proxy in front of one server on the loopback; `requests` holds what clients sent."""

    upstream_port: int
    port: int = 0
    faults: Faults = field(default_factory=Faults)
    requests: list[bytes] = field(default_factory=list)
    connections: set[asyncio.Task[None]] = field(default_factory=set)
    loop: asyncio.AbstractEventLoop | None = None

    def drop(self) -> None:
        """Break off the connections that there are; from any thread."""
        assert self.loop is not None
        self.loop.call_soon_threadsafe(lambda: [each.cancel() for each in self.connections])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on; it ends when either side ends."""
        faults = self.faults
        try:
            if faults.refuse:
                _reset(writer)
            elif faults.blackhole:
                while await reader.read(PIECE_BYTES):
                    pass
            elif faults.unavailable > 0:
                faults.unavailable -= 1
                await self._refuse(reader, writer)
            else:
                await self._pass_on(reader, writer, faults)
        finally:
            writer.close()

    async def _refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, faults: Faults
    ) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        try:
            sending = asyncio.create_task(self._send(reader, to_server))
            try:
                await self._answer(from_server, writer, faults)
            finally:
                sending.cancel()
                with suppress(asyncio.CancelledError, ConnectionError):
                    await sending
        finally:
            to_server.close()

    async def _send(self, reader: asyncio.StreamReader, to_server: asyncio.StreamWriter) -> None:
        while piece := await reader.read(PIECE_BYTES):
            self.requests.append(piece)
            to_server.write(piece)
            await to_server.drain()
        to_server.close()

    async def _answer(
        self, from_server: asyncio.StreamReader, writer: asyncio.StreamWriter, faults: Faults
    ) -> None:
        passed = 0
        while piece := await from_server.read(PIECE_BYTES):
            if faults.stalls and _reaches(passed, piece, faults.stall_after):
                faults.stalls -= 1
                writer.write(piece[: (faults.stall_after or 0) - passed])
                await asyncio.Event().wait()
            if faults.cuts and _reaches(passed, piece, faults.cut_after):
                faults.cuts -= 1
                writer.write(piece[: (faults.cut_after or 0) - passed])
                await writer.drain()
                if faults.cut is Cut.RST:
                    _reset(writer)
                return
            if faults.rate is not None:
                await asyncio.sleep(len(piece) / faults.rate)
            writer.write(piece)
            await writer.drain()
            passed += len(piece)


@asynccontextmanager
async def fault_proxy(upstream_port: int) -> AsyncIterator[FaultProxy]:
    """Run a proxy on a free port until the block is left."""
    proxy = FaultProxy(upstream_port, loop=asyncio.get_running_loop())
    connections = proxy.connections
    numbers = count(1)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(proxy.serve(reader, writer), name=f"proxied {next(numbers)}")
        connections.add(task)
        task.add_done_callback(connections.discard)
        # a client that breaks off is what the proxy is for: nothing to report
        await asyncio.gather(task, return_exceptions=True)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


@contextmanager
def fault_proxy_beside(upstream_port: int) -> Iterator[FaultProxy]:
    """Run a proxy in a thread of its own, for tests that wait for processes."""
    started = threading.Event()
    found: list[tuple[FaultProxy, asyncio.Event]] = []

    async def serve() -> None:
        async with fault_proxy(upstream_port) as proxy:
            found.append((proxy, asyncio.Event()))
            started.set()
            await found[0][1].wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    assert started.wait(10)
    proxy, end = found[0]
    try:
        yield proxy
    finally:
        assert proxy.loop is not None
        proxy.loop.call_soon_threadsafe(end.set)
        thread.join(10)


def _reaches(passed: int, piece: bytes, limit: int | None) -> bool:
    return limit is not None and passed + len(piece) > limit


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection by a reset, which throws away what the client has not read yet."""
    connection = writer.get_extra_info("socket")
    linger = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()
