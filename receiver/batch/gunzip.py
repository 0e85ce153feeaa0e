"""The gzip layer of a batch: compressed chunks in, plain blocks and faults out, in stream order.

Reads header and trailer itself (RFC 1952) and leaves only the deflate data to isal: so a wrong CRC
costs no data and both values can be told, and a cut is seen, which isal never reports.
What is not gzip at all passes through as it is.
"""

from collections.abc import Callable, Generator, Iterator
from enum import StrEnum
from typing import Final

import msgspec
from isal import isal_zlib
from isal.igzip_lib import IsalError

from receiver.limits import INFLATE_INPUT_BYTES, INFLATE_OUTPUT_BYTES, KIB

_MAGIC: Final = b"\x1f\x8b"
_DEFLATE: Final = 8
_HEADER_BYTES_MAX: Final = 64 * KIB  # nobody writes a longer name or comment
_TRAILER_BYTES: Final = 8
_HCRC, _EXTRA, _NAME, _COMMENT, _RESERVED = 0x02, 0x04, 0x08, 0x10, 0xE0
_OTHERS: Final = {  # compressed by another program: it has no lines to read
    b"\x28\xb5\x2f\xfd": "zstd data",
    b"PK\x03\x04": "a zip archive",
    b"BZh": "bzip2 data",
    b"\xfd7zXZ": "xz data",
    b"\x04\x22\x4d\x18": "lz4 data",
}


class GzipState(StrEnum):
    """What a gzip stream can suffer from."""

    NOT_GZIP = "not-gzip"
    TRUNCATED = "gzip-truncated"
    CORRUPT = "gzip-corrupt"
    CRC = "gzip-crc"
    LENGTH = "gzip-length"
    GARBAGE = "gzip-garbage"


class GzipFault(msgspec.Struct, frozen=True):
    """One fault, at its place in the stream: what follows it comes after it."""

    state: GzipState
    expected: str = ""
    got: str = ""


_Stage = Generator[bytes | GzipFault, None, bytes]


class Gunzip:
    """`feed` compressed chunks, then `close`; both yield plain blocks and faults.

    All members count, and zero bytes after one are padding. The input is cut anew into slices of
    one size, so that the result is the same however the bytes came. After a fault that leaves no
    way to go on (truncated, corrupt, garbage) the rest is only counted.
    """

    def __init__(self) -> None:
        self.compressed_bytes = 0
        self.plain_bytes = 0
        self.cut = False  # the plain text ends before its end: truncated or corrupt
        self._pending = bytearray()
        self._stage: Callable[[bytes], _Stage] = self._begin
        self._crc = 0
        self._length = 0
        self._buffer = b""  # of a header, a trailer or the bytes between members
        self._members = 0
        self._open_member()

    def feed(self, chunk: bytes) -> Iterator[bytes | GzipFault]:
        self.compressed_bytes += len(chunk)
        self._pending += chunk
        while len(self._pending) >= INFLATE_INPUT_BYTES:
            data = bytes(self._pending[:INFLATE_INPUT_BYTES])
            del self._pending[:INFLATE_INPUT_BYTES]
            yield from self._read(data)

    def close(self) -> Iterator[bytes | GzipFault]:
        data, self._pending = bytes(self._pending), bytearray()
        yield from self._read(data)
        if self._stage == self._begin and self._buffer not in {b"", _MAGIC[:1]}:
            yield from self._not_gzip(self._buffer)
        elif self._stage == self._between and self._buffer:
            yield from self._give_up(_garbage(self._buffer))
        elif self._stage in {self._begin, self._header, self._inflate, self._trailer}:
            self.cut = True
            where = (
                f"it ends inside member {self._members + 1}"
                if self.compressed_bytes
                else "no bytes"
            )
            yield GzipFault(GzipState.TRUNCATED, "a whole gzip member", where)

    def _read(self, data: bytes) -> Iterator[bytes | GzipFault]:
        while data:
            data = yield from self._stage(data)

    # Each stage takes data, yields what it makes of it, and returns what it leaves to the next.

    def _begin(self, data: bytes) -> _Stage:
        data, self._buffer = self._buffer + data, b""
        if len(data) < len(_MAGIC):
            self._buffer = data
            return b""
        if not data.startswith(_MAGIC):
            yield from self._not_gzip(data)
            return b""
        self._stage = self._header
        return data

    def _not_gzip(self, data: bytes) -> Iterator[bytes | GzipFault]:
        other = next((what for magic, what in _OTHERS.items() if data.startswith(magic)), None)
        got = other or f"first bytes {data[:4].hex(' ')}"
        yield GzipFault(GzipState.NOT_GZIP, "a gzip stream", got)
        self._stage = self._ignore if other else self._pass_on
        yield from self._stage(data)

    def _pass_on(self, data: bytes) -> _Stage:
        self.plain_bytes += len(data)
        yield data
        return b""

    def _header(self, data: bytes) -> _Stage:
        self._buffer += data
        try:
            length = _header_bytes(self._buffer)
        except ValueError as error:
            yield from self._give_up(GzipFault(GzipState.CORRUPT, "a gzip header", str(error)))
            return b""
        if length is None:
            return b""
        data, self._buffer = self._buffer[length:], b""
        self._open_member()
        self._stage = self._inflate
        return data

    def _inflate(self, data: bytes) -> _Stage:
        member = self._member
        while True:
            try:
                block = member.decompress(data, INFLATE_OUTPUT_BYTES)
            except IsalError:  # type: ignore[misc]  # isal's stubs call the class an instance
                got = f"no valid deflate data in member {self._members + 1}"
                yield from self._give_up(GzipFault(GzipState.CORRUPT, "deflate data", got))
                return b""
            if block:
                self._crc = isal_zlib.crc32(block, self._crc)
                self._length += len(block)
                self.plain_bytes += len(block)
                yield block
            if member.eof:
                self._stage = self._trailer
                return member.unused_data
            data = member.unconsumed_tail
            if not data and len(block) < INFLATE_OUTPUT_BYTES:  # a full block may hide more
                return b""

    def _trailer(self, data: bytes) -> _Stage:
        self._buffer += data
        if len(self._buffer) < _TRAILER_BYTES:
            return b""
        crc = int.from_bytes(self._buffer[:4], "little")
        length = int.from_bytes(self._buffer[4:8], "little")
        data, self._buffer = self._buffer[_TRAILER_BYTES:], b""
        if crc != self._crc:
            yield GzipFault(GzipState.CRC, f"{crc:08x} (the trailer's)", f"{self._crc:08x}")
        if length != self._length & 0xFFFFFFFF:
            got = str(self._length & 0xFFFFFFFF)
            yield GzipFault(GzipState.LENGTH, f"{length} (the trailer's)", got)
        self._members += 1
        self._stage = self._between
        return data

    def _between(self, data: bytes) -> _Stage:
        data, self._buffer = (self._buffer + data).lstrip(b"\0"), b""
        if data in {b"", _MAGIC[:1]}:
            self._buffer = data
        elif data.startswith(_MAGIC):
            self._stage = self._header
            return data
        else:
            yield from self._give_up(_garbage(data))
        return b""

    def _ignore(self, data: bytes) -> _Stage:
        yield from ()
        return b""

    def _open_member(self) -> None:
        self._member = isal_zlib.decompressobj(-15)
        self._crc = 0
        self._length = 0

    def _give_up(self, fault: GzipFault) -> Iterator[bytes | GzipFault]:
        self.cut = fault.state is GzipState.CORRUPT
        self._stage = self._ignore
        self._buffer = b""
        yield fault


def _garbage(data: bytes) -> GzipFault:
    return GzipFault(GzipState.GARBAGE, "nothing after the gzip data", f"bytes {data[:4].hex(' ')}")


def _header_bytes(data: bytes) -> int | None:
    """Return the length of the gzip header that data begins with, None if it is not all there.

    Raises:
        ValueError: what in it no gzip header can have.
    """
    if len(data) >= 3 and data[2] != _DEFLATE:
        raise ValueError(f"compression method {data[2]}")
    if len(data) >= 4 and data[3] & _RESERVED:
        raise ValueError(f"reserved flags {data[3]:02x}")
    if len(data) < 10:
        return None
    flags, end = data[3], 10
    if flags & _EXTRA:
        if len(data) < end + 2:
            return None
        end += 2 + int.from_bytes(data[end : end + 2], "little")
    for flag in (_NAME, _COMMENT):
        if flags & flag:
            zero = data.find(b"\0", end)
            if zero < 0:
                if len(data) > _HEADER_BYTES_MAX + end:
                    raise ValueError("a name without an end")
                return None
            end = zero + 1
    if flags & _HCRC:
        end += 2
        if len(data) >= end:
            stored = int.from_bytes(data[end - 2 : end], "little")
            if stored != isal_zlib.crc32(data[: end - 2]) & 0xFFFF:
                raise ValueError("a header whose own CRC is wrong")
    return end if len(data) >= end else None
