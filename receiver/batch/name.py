"""An object's name: the window that it claims, and whether it is a batch at all.

No official document gives the form of the name. Two independent programs that read batches agree on
`<start>_<end>_<id>.log.gz`, and one of them has also met `<start>_<id>.log.gz`; the id is opaque.
"""

import re
from datetime import UTC, datetime
from typing import Final

import msgspec

from receiver.destination.challenge import is_challenge_name

SUFFIX: Final = ".log.gz"

_TIME = r"(\d{8}T\d{6}Z)"
_NAME: Final = re.compile(rf"{_TIME}(?:[_-]{_TIME})?[_-]([^/]+)\.log\.gz", re.ASCII)


class BatchName(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch's name says. Times are UTC, whole seconds; the end is not part of the window."""

    start: datetime
    end: datetime | None  # None in the form with one time
    id: str

    @property
    def window(self) -> tuple[datetime, datetime] | None:
        """The span that the name claims, if it names both ends and they are in order."""
        return (self.start, self.end) if self.end is not None and self.start <= self.end else None


def read_name(key: str) -> BatchName | None:
    """Read the name of a batch; None if it has another form."""
    match = _NAME.fullmatch(key.rpartition("/")[2])
    if match is None:
        return None
    start, end, batch_id = match.groups()
    try:
        return BatchName(start=_time(start), end=_time(end) if end else None, id=batch_id)
    except ValueError:  # digits that are no date
        return None


def reason_to_ignore(key: str) -> str | None:
    """Say why an object beside the batches is none, or None if its name is a batch's.

    Logpush tests a destination on every change of a job with `test.txt.gz`, and proves ownership
    with `ownership-challenge*.txt`; neither is delivery.
    """
    name = key.rpartition("/")[2]
    if name == "test.txt.gz":
        return "Logpush's test of the destination"
    if is_challenge_name(name):
        return "an ownership challenge"
    if not name.endswith(SUFFIX):
        return f"its name does not end in {SUFFIX}"
    return None


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
