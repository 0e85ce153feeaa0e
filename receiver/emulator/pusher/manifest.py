"""The manifest: what was planted on purpose and what was uploaded, so that findings can be scored.

NDJSON, a line for every window that a fault met, for every upload that arrived, and for the counts
of a window before filter and sample. A line is written whole or not at all, whenever we end; after
a crash a line may come twice, as its batch may, and is read once.
"""

import os
import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from receiver.emulator.batches import PlantedFault
from receiver.emulator.pusher.delivery import Delivery
from receiver.errors import ConfigError, ResultLost


class Planted(msgspec.Struct, frozen=True, kw_only=True, tag_field="entry", tag="fault"):
    """A fault, or a harmless variation, met a window; or a destination began to refuse."""

    kind: str
    job: int
    job_name: str
    window: tuple[datetime, datetime] | None  # None of a refusal: it is of uploads, whenever due
    keys: tuple[str, ...] = ()  # what was made of the window, to be uploaded; nothing of a gap
    records_made: int = 0  # of the window's batches, as they were before the fault
    records_left: int = 0  # as they are to be uploaded
    finds: tuple[PlantedFault, ...] = ()  # what a verifier must find, and nothing else
    of_sweep: tuple[PlantedFault, ...] = ()  # what it must find of all batches, given a reference
    harmless: bool = False
    judged: str = ""  # "nothing judges it yet", where that is so


class Delivered(msgspec.Struct, frozen=True, kw_only=True, tag_field="entry", tag="delivery"):
    """A batch was uploaded; what of it is planted, a verifier must find."""

    kind: str  # "" where no fault met its window
    job: int
    key: str
    window: tuple[datetime, datetime]
    records: int
    stored_bytes: int
    after_seconds: float
    planted: tuple[PlantedFault, ...] = ()


class Counted(msgspec.Struct, frozen=True, kw_only=True, tag_field="entry", tag="window"):
    """How many records a window of a job had: the second number is a reference for its sample."""

    job: int
    window: tuple[datetime, datetime]
    before_filter: int
    before_sample: int
    kept: int


class Unfit(msgspec.Struct, frozen=True, kw_only=True, tag_field="entry", tag="unfit"):
    """A fault of the plan does not fit a job, so that it was not planted: told once."""

    kind: str
    job: int
    job_name: str
    reason: str


Entry = Planted | Delivered | Counted | Unfit


class Manifest:
    """Appends to a manifest; None is one that nobody reads.

    Raises:
        ConfigError: the file cannot be made, or is no manifest.
        ResultLost: it cannot be written any more.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._file = None if path is None else _open(path)
        self._writing = threading.Lock()  # windows of several jobs are made in threads

    def write(self, entries: Iterable[Entry]) -> None:
        """Append so many lines in one write, so that they are in the file when we are killed."""
        text = b"".join(_ENCODER.encode(entry) + b"\n" for entry in entries)
        if self._file is None:
            return
        try:
            with self._writing:
                while text:  # a disk that fills up takes less than all
                    text = text[os.write(self._file, text) :]
        except OSError as error:
            raise ResultLost(
                f"{self._path}: {error.strerror}; the manifest needs a place that can be written"
            ) from error

    def delivered(self, job_id: int, delivery: Delivery) -> None:
        """Note that a batch was uploaded."""
        self.write([
            Delivered(
                kind=delivery.kind,
                job=job_id,
                key=delivery.key,
                window=delivery.window,
                records=delivery.records,
                stored_bytes=len(delivery.body),
                after_seconds=delivery.after.total_seconds(),
                planted=delivery.planted,
            )
        ])  # fmt: skip

    def close(self) -> None:
        """Have what was written on the disk, and close it."""
        if self._file is not None:
            os.fsync(self._file)
            os.close(self._file)
            self._file = None


def read_manifest(path: Path) -> list[Entry]:
    """Read a manifest, each line once; a last line without its end is of a writer at work.

    Raises:
        ConfigError: names the file and the line that is none of a manifest.
    """
    try:
        *lines, _ = path.read_bytes().split(b"\n")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; name a manifest") from None
    entries = []
    for number, line in enumerate(dict.fromkeys(lines), 1):
        try:
            entries.append(_DECODER.decode(line))
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{path}: entry {number} is none of a manifest: {error}") from None
    return entries


def _open(path: Path) -> int:
    """Open for appending; a line that was cut short by a crash is taken away.

    A file that does not begin as a manifest does is somebody's, and is left as it is.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        size = os.fstat(file).st_size
        if not _BEGIN.startswith(os.pread(file, len(_BEGIN), 0)):
            os.close(file)
            raise ConfigError(f"{path}: this is no manifest; name a new file")
        begin = max(size - _LINE_BYTES_MAX, 0)
        tail = os.pread(file, size - begin, begin)
        if tail and not tail.endswith(b"\n"):
            os.ftruncate(file, begin + tail.rfind(b"\n") + 1)
    except OSError as error:
        raise ConfigError(
            f"{path}: {error.strerror}; the manifest needs a place that can be written"
        ) from error
    return file


_LINE_BYTES_MAX: Final = 16 << 20
_BEGIN: Final = b'{"entry":'
_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Entry)
