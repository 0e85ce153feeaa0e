"""A batch on its way out: lines in one gzip object, under the name that Logpush gives it."""

import zlib
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

GZIP_WBITS: Final = (
    31  # zlib's way to ask for a gzip member: time stamp 0, so equal bytes each time
)


class Packing(msgspec.Struct, frozen=True, kw_only=True):
    """How lines become an object: every choice here is one that a reader must not mind."""

    level: int = 6  # Go's own default, and so most likely Logpush's
    members: int = 1
    padding_bytes: int = 0  # zeros after the last member
    final_newline: bool = True


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What stands around and between the lines of a batch: plain NDJSON unless said.

    Where it is something else, a line is one record's text, and may hold line feeds of its own.
    """

    prefix: bytes = b""
    line_end: bytes = b"\n"
    delimiter: bytes = b""
    suffix: bytes = b""

    def join(self, lines: Iterable[bytes]) -> bytes:
        """Return the batch's bytes, before they are packed."""
        return (
            self.prefix + self.delimiter.join(line + self.line_end for line in lines) + self.suffix
        )


class PlantedFault(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the manifest: a fault that was planted on purpose, and where.

    `count` is the number of departures it makes. `lines` count from 1 in the plain batch; none
    means the batch as a whole, and so does an example on line 0.
    """

    key: str
    code: str  # as a finding is named: "field-missing"
    severity: str  # "error" or "warning"
    field: str = ""
    count: int = 1
    lines: tuple[int, ...] = ()


class WrittenBatch(msgspec.Struct, frozen=True, kw_only=True):
    """An object as it will be stored: its key, its bytes, and what is wrong with it on purpose."""

    key: str
    body: bytes
    planted: tuple[PlantedFault, ...] = ()


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of one window of one job, before they are packed.

    `path` is the destination's folder, with {DATE} where the day goes; it ends in `/` unless empty.
    """

    path: str
    start: datetime
    end: datetime
    batch_id: str  # opaque; eight hexadecimal digits in what was seen
    lines: tuple[bytes, ...]
    packing: Packing = Packing()
    frame: Frame = Frame()
    planted: tuple[PlantedFault, ...] = ()

    @property
    def name(self) -> str:
        """The object's name in its folder."""
        return f"{name_time(self.start)}_{name_time(self.end)}_{self.batch_id}.log.gz"

    @property
    def key(self) -> str:
        """The object's whole key: {DATE} becomes the day on which the window starts."""
        return self.path.replace("{DATE}", f"{self.start:%Y%m%d}") + self.name

    def write(self) -> WrittenBatch:
        """Pack the lines; the same batch gives the same bytes each time."""
        plain = self.frame.join(self.lines)
        if not self.packing.final_newline:
            plain = plain.removesuffix(b"\n")
        return WrittenBatch(key=self.key, body=pack(plain, self.packing), planted=self.planted)


def name_time(moment: datetime) -> str:
    """Write a moment as an object's name has it: to the second, `20261122T101500Z`."""
    return f"{moment:%Y%m%dT%H%M%SZ}"


def pack(plain: bytes, packing: Packing) -> bytes:
    """Compress into as many gzip members as asked, cut at any byte, also inside a line."""
    size = -(-len(plain) // packing.members) or 1
    cuts = [number * size for number in range(packing.members)]
    members = (_member(plain[cut : cut + size], packing.level) for cut in cuts)
    return b"".join(members) + bytes(packing.padding_bytes)


def _member(plain: bytes, level: int) -> bytes:
    compressor = zlib.compressobj(level, zlib.DEFLATED, GZIP_WBITS)
    return compressor.compress(plain) + compressor.flush()
