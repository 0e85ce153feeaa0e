"""The manifest: judgements as lines, lines bound into segments, segments bound into a chain.

Pure: no ledger is needed to check one. A line is a JSON object with sorted keys, in ASCII, and ends
with a line feed. A segment's hash is SHA-256 over the previous one's hash (hex), a line feed, and
its lines, so that a shell can do it too: `(echo $previous; cat lines) | sha256sum`.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from receiver.check.report import Verdict
from receiver.ledger.ledger import Segment

FIRST: Final = "0" * 64
"""What the first segment has for a previous hash."""


def line_of(
    *,
    place: str,
    key: str,
    etag: str,
    digest: str,
    verdict: Verdict,
    judged_at: datetime,
    job: int | None,
    records: int,
) -> bytes:
    """Write one judgement as it is sealed."""
    judged = judged_at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    told = {
        "place": place,
        "key": key,
        "etag": etag,
        "digest": digest,
        "verdict": str(verdict),
        "judged_at": f"{judged}Z",
        "job": job,
        "records": records,
    }
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode() + b"\n"


class Seal:
    """A segment's hash in the making: fed with lines, in their order."""

    def __init__(self, previous: str) -> None:
        self._digest = hashlib.sha256(previous.encode() + b"\n")

    def feed(self, lines: bytes) -> None:
        """Take lines, as many as there are."""
        self._digest.update(lines)

    def hash(self) -> str:
        """Return the hash over all that was fed."""
        return self._digest.hexdigest()


def segment_hash(previous: str, lines: bytes) -> str:
    """Return the hash of a segment that is held whole."""
    seal = Seal(previous)
    seal.feed(lines)
    return seal.hash()


class ChainCheck:
    """Holds segments against each other, one after the other as they come."""

    def __init__(self) -> None:
        self._last: Segment | None = None

    def feed(self, segment: Segment) -> Iterator[str]:
        """Take the next segment; yield what is wrong with it, as a sentence each.

        Of a segment that has lost its lines only its place in the chain can be checked.
        """
        what, last = f"segment {segment.number}", self._last
        self._last = segment
        if last is not None and segment.number != last.number + 1:
            yield f"{what}: it comes after segment {last.number}; some are missing or out of order"
        elif last is not None and segment.previous != last.hash:
            yield f"{what}: it was not made after segment {last.number} as that is now"
        elif last is None and segment.number == 1 and segment.previous != FIRST:
            yield f"{what}: it is the first, and yet names another before it"
        if segment.lines is not None:
            if segment_hash(segment.previous, segment.lines) != segment.hash:
                yield f"{what}: its lines are not those that were sealed"
            if segment.lines.count(b"\n") != segment.entries:
                yield f"{what}: it has not the {segment.entries} lines that it names"


def check_chain(segments: Iterable[Segment]) -> list[str]:
    """Return what is wrong with segments that follow each other; nothing if all holds."""
    check = ChainCheck()
    return [problem for segment in segments for problem in check.feed(segment)]
