"""A body that breaks is mended or an error; it is never shorter, longer or another one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from receiver.errors import ObjectChanged, StoreUnavailable
from receiver.limits import STORE_ATTEMPTS_MAX
from receiver.store.body import whole_body
from receiver.store.bounds import Bounds

BODY = bytes(range(200))
QUICK = Bounds(stall_seconds=0.05, retry_seconds=0.001)


class Server:
    """Opens BODY at any byte; `ends` says after how many bytes each connection breaks, and how."""

    def __init__(self, *ends: tuple[int, Exception | None], body: bytes = BODY) -> None:
        self.offsets: list[int] = []
        self.open = 0
        self._ends = list(ends)
        self._body = body

    @asynccontextmanager
    async def start(self, offset: int) -> AsyncIterator[AsyncIterator[bytes]]:
        self.offsets.append(offset)
        end, error = self._ends.pop(0) if self._ends else (len(self._body), None)
        self.open += 1
        try:
            if end < 0:
                assert error is not None
                raise error
            yield self._chunks(offset, offset + end, error)
        finally:
            self.open -= 1

    async def _chunks(self, at: int, end: int, error: Exception | None) -> AsyncIterator[bytes]:
        for index in range(at, min(end, len(self._body)), 7):
            yield self._body[index : min(index + 7, end)]
            yield b""  # some drivers do
        if error is not None:
            raise error


async def read(server: Server, stored_bytes: int = len(BODY)) -> bytes:
    taken = b""
    async with whole_body(
        server.start, name="s3://b/k", stored_bytes=stored_bytes, bounds=QUICK
    ) as chunks:
        async for chunk in chunks:
            taken += chunk
    assert server.open == 0
    return taken


BROKEN = StoreUnavailable("s3://b/k: broken")


async def test_a_whole_body_is_asked_for_once() -> None:
    server = Server()
    assert await read(server) == BODY
    assert server.offsets == [0]


@pytest.mark.parametrize("error", [BROKEN, None], ids=["broken", "ended"])
@pytest.mark.parametrize("at", [1, 7, 100, 199])
async def test_a_break_resumes_at_the_byte_where_it_was(at: int, error: Exception | None) -> None:
    server = Server((at, error))
    assert await read(server) == BODY
    assert server.offsets == [0, at]


async def test_progress_is_never_given_up() -> None:
    server = Server(*[(1, BROKEN)] * 199)
    assert await read(server) == BODY
    assert server.offsets == list(range(200))


@pytest.mark.parametrize("end", [0, -1], ids=["empty", "refused"])
async def test_openings_without_a_byte_are_given_up(end: int) -> None:
    server = Server((50, BROKEN), *[(end, BROKEN)] * 10)
    with pytest.raises(StoreUnavailable):
        await read(server)
    assert server.offsets == [0] + [50] * STORE_ATTEMPTS_MAX
    assert server.open == 0


async def test_a_first_opening_that_fails_is_not_tried_again_here() -> None:
    server = Server((-1, BROKEN))
    with pytest.raises(StoreUnavailable, match="broken"):
        await read(server)
    assert server.offsets == [0]


async def test_another_object_is_an_error_at_once() -> None:
    server = Server((50, BROKEN), (-1, ObjectChanged("s3://b/k: replaced")))
    with pytest.raises(ObjectChanged):
        await read(server)
    assert server.offsets == [0, 50]


async def test_more_bytes_than_announced_are_an_error() -> None:
    with pytest.raises(StoreUnavailable, match="more than the 150 bytes"):
        await read(Server(), stored_bytes=150)


async def test_a_break_after_the_last_byte_is_no_break() -> None:
    server = Server((200, BROKEN))
    assert await read(server) == BODY
    assert server.offsets == [0]


async def test_an_empty_object_is_opened_all_the_same() -> None:
    server = Server(body=b"")
    assert await read(server, stored_bytes=0) == b""
    assert server.offsets == [0]


@pytest.mark.parametrize("taken", [0, 1])
async def test_leaving_early_closes_the_connection(taken: int) -> None:
    server = Server()
    async with whole_body(server.start, name="k", stored_bytes=200, bounds=QUICK) as chunks:
        for _ in range(taken):
            await anext(chunks)
        assert server.open == 1
    assert server.open == 0


async def test_an_error_of_the_caller_passes_and_closes_the_connection() -> None:
    server = Server()

    async def fail_reading() -> None:
        async with whole_body(server.start, name="k", stored_bytes=200, bounds=QUICK) as chunks:
            async for _ in chunks:
                raise KeyError

    with pytest.raises(KeyError):
        await fail_reading()
    assert server.open == 0
