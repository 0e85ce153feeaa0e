"""Batches made to exhaust a verifier, in pieces, and the memory that verifying one takes.

    python -m tests.property.hostile NAME

prints the peak in MiB over a process that has verified a small batch.
"""

import sys
import zlib
from collections.abc import Callable, Iterable
from itertools import chain, repeat
from pathlib import Path
from typing import Final

from receiver.check.verifier import BatchVerifier
from tests.unit.check.factories import (
    ARRIVED,
    KEY,
    http_job,
    lines,
    plan_of,
    record,
    report_of,
)

MIB: Final = 1 << 20
LINES: Final = 3  # of those that are as long as lines may be


def long_lines(begin: bytes, middle: bytes, end: bytes) -> Iterable[bytes]:
    """Yield lines of 14 MiB, the middle over and over."""
    piece = middle * (MIB // len(middle))
    return chain.from_iterable(
        chain([begin], repeat(piece, 14), [end, b"\n"]) for _ in range(LINES)
    )


def keys(count: int, number: int) -> bytes:
    return b"{" + b",".join(b'"%d_%d":1' % (number, each) for each in range(count)) + b"}\n"


HOSTILE: Final[dict[str, Callable[[], Iterable[bytes]]]] = {
    "a-line-of-200-mib": lambda: repeat(b"x" * MIB, 200),
    "zeros": lambda: repeat(b"\0" * MIB, 400),
    "blank-lines": lambda: repeat(b"\n" * MIB, 10),
    "equal-lines": lambda: repeat(b'{"ClientIP":"1"}\n' * 50_000, 20),
    "different-lines": lambda: (b'{"ClientIP":"%d"}\n' % each for each in range(2_100_000)),
    "dense-arrays": lambda: long_lines(b'{"a":[', b"1,", b"1]}"),
    "values-up-to-the-limit": lambda: long_lines(
        b'{"a":[' + b"1," * 99_000 + b'1],"b":"', b"x", b'"}'
    ),
    "emoji": lambda: long_lines(b'{"a":"', b"x", "\U0001f600".encode() + b'"}'),
    "escapes": lambda: long_lines(b'{"a":"', b'\\"', b'"}'),
    "deep": lambda: long_lines(b"", b"[", b""),
    "a-million-keys": lambda: long_lines(b'{"a":1', b',"b%d":1' % MIB, b"}"),
    "many-keys": lambda: (keys(36_000, each) for each in range(20)),
    "many-shapes": lambda: (keys(100, each) for each in range(1500)),
    "long-words": lambda: (
        lines(record(CacheCacheStatus="w" * 2000 + str(each))) for each in range(8000)
    ),
}


def peak_mib(name: str) -> int:
    """Verify a hostile batch; return the peak of this process over its idle size, in MiB."""
    report_of(lines(*(record(ClientIP=str(number)) for number in range(2000))))
    idle = _kib("VmRSS")
    verifier = BatchVerifier(plan_of(http_job()), key=KEY, arrived_at=ARRIVED)
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    for text in HOSTILE[name]():
        verifier.feed(packer.compress(text))
    verifier.feed(packer.flush())
    verifier.close()
    return (_kib("VmHWM") - idle) // 1024


def _kib(name: str) -> int:
    """Read a size of this process; getrusage has the peak of the process that started it, too."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith(f"{name}:"))


if __name__ == "__main__":
    print(peak_mib(sys.argv[1]))
