"""What passes between us and a worker: frames of bytes over the pipes of our own child.

Only the first frame is pickled: it holds Secrets, which no other format writes out. No secret is
in a worker's arguments or its environment.
"""

import asyncio
import pickle
from typing import BinaryIO, Final

import msgspec

from receiver.store.store import Object
from receiver.workers.reading import Answer, Assignment

_HEADER_BYTES: Final = 4


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Verify this object of that Assignment."""

    number: int  # the reply has the same
    place: int  # of the Assignment, in the order of the first frame
    object: Object


class Reply(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What came of an Order."""

    number: int
    answer: Answer


class Remark(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What a worker logs, for the parent to log: it knows where to, and in which format."""

    logger: str
    level: int
    message: str


_to_bytes: Final = msgspec.msgpack.Encoder().encode
read_order: Final = msgspec.msgpack.Decoder(Order).decode
read_reply: Final = msgspec.msgpack.Decoder(Reply | Remark).decode


def frame(content: Order | Reply | Remark | tuple[Assignment, ...]) -> bytes:
    """Return something as a frame."""
    body = pickle.dumps(content) if isinstance(content, tuple) else _to_bytes(content)
    return len(body).to_bytes(_HEADER_BYTES) + body


def read_assignments(body: bytes) -> tuple[Assignment, ...]:
    """Read the first frame."""
    assignments: tuple[Assignment, ...] = pickle.loads(body)  # noqa: S301 (our parent wrote it)
    return assignments


def take_blocking(stream: BinaryIO) -> bytes | None:
    """Return what is in the next frame; None at the end, be it amid a frame."""
    header = stream.read(_HEADER_BYTES)
    body = stream.read(int.from_bytes(header)) if len(header) == _HEADER_BYTES else b""
    return body or None


async def take(stream: asyncio.StreamReader) -> bytes | None:
    """Wait for the next frame and return what is in it; None at the end, be it amid a frame."""
    try:
        header = await stream.readexactly(_HEADER_BYTES)
        return await stream.readexactly(int.from_bytes(header))
    except (asyncio.IncompleteReadError, ConnectionResetError):
        return None
