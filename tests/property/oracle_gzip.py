"""The oracle's gzip: RFC 1952 by the standard library's zlib, all of an object at once."""

import contextlib
import zlib
from typing import Final

import msgspec

MAGIC: Final = b"\x1f\x8b"
COMPRESSED_OTHERWISE: Final = (
    b"\x28\xb5\x2f\xfd",  # zstd
    b"PK\x03\x04",  # zip
    b"BZh",  # bzip2
    b"\xfd7zXZ",  # xz
    b"\x04\x22\x4d\x18",  # lz4
)


class Inflated(msgspec.Struct, frozen=True, kw_only=True):
    """The plain bytes with the faults; `cut` says that there would have been more of them."""

    plain: bytes
    faults: tuple[str, ...] = ()
    cut: bool = False


def inflate(data: bytes) -> Inflated:
    """Inflate an object, whatever it is."""
    if len(data) < 2 and MAGIC.startswith(data):
        return Inflated(plain=b"", faults=("gzip-truncated",), cut=True)
    if data[:2] != MAGIC:
        others = data.startswith(COMPRESSED_OTHERWISE)
        return Inflated(plain=b"" if others else data, faults=("not-gzip",))
    plain = b""
    faults: list[str] = []
    while True:
        try:
            data = data[_header_bytes(data) :]
        except EOFError:
            return Inflated(plain=plain, faults=(*faults, "gzip-truncated"), cut=True)
        except ValueError:
            return Inflated(plain=plain, faults=(*faults, "gzip-corrupt"), cut=True)
        member = zlib.decompressobj(-15)
        try:
            text = member.decompress(data)
        except zlib.error:
            plain += _up_to_the_fault(data)
            return Inflated(plain=plain, faults=(*faults, "gzip-corrupt"), cut=True)
        plain += text
        trailer, data = member.unused_data[:8], member.unused_data[8:]
        if not member.eof or len(trailer) < 8:
            return Inflated(plain=plain, faults=(*faults, "gzip-truncated"), cut=True)
        if int.from_bytes(trailer[:4], "little") != zlib.crc32(text):
            faults.append("gzip-crc")
        if int.from_bytes(trailer[4:], "little") != len(text) % 2**32:
            faults.append("gzip-length")
        data = data.lstrip(b"\0")
        if data[:2] != MAGIC:
            return Inflated(plain=plain, faults=(*faults, *["gzip-garbage"] * bool(data)))


def _up_to_the_fault(data: bytes) -> bytes:
    member, plain = zlib.decompressobj(-15), b""
    with contextlib.suppress(zlib.error):
        for start in range(len(data)):
            plain += member.decompress(data[start : start + 1])
    return plain


def _header_bytes(data: bytes) -> int:
    """Return the length of a member's header.

    Raises:
        EOFError: it is not all there.
        ValueError: it is none.
    """
    if data[2:3] not in {b"", b"\x08"} or (len(data) > 3 and data[3] & 0xE0):
        raise ValueError
    if len(data) < 10:
        raise EOFError
    flags, end = data[3], 10
    if flags & 4:
        end += 2 + int.from_bytes(data[10:12], "little")
        if len(data) < max(end, 12):
            raise EOFError
    for flag in (8, 16):
        if flags & flag:
            zero = data.find(b"\0", end)
            if zero < 0:
                raise EOFError
            end = zero + 1
    if flags & 2:
        if len(data) < end + 2:
            raise EOFError
        if int.from_bytes(data[end : end + 2], "little") != zlib.crc32(data[:end]) % 2**16:
            raise ValueError
        end += 2
    return end
