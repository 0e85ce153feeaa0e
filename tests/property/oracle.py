"""An independent, slow and obvious judge of one batch, for the checker to agree with.

Written from the documents, with the standard library. It shares the Expectation with the checker,
and nothing that judges.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec

from receiver.job.expectation import Expectation
from tests.property.oracle_gzip import inflate
from tests.property.oracle_record import LineFacts, Reader
from tests.property.oracle_time import times

LINE_BYTES_MAX: Final = 16 * 2**20
REPEATS_AMONG: Final = 2_000_000
WORDS_MAX: Final = 32
GOT_CHARS: Final = 80  # a report quotes so much of a value
NAME: Final = re.compile(
    r"([0-9]{8}T[0-9]{6}Z)(?:[_-]([0-9]{8}T[0-9]{6}Z))?[_-]([^/]+)\.log\.gz", re.DOTALL
)

Window = tuple[datetime, datetime]


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be said of a batch."""

    batch: Counter[str]  # codes of the batch as a whole
    lines: tuple[LineFacts, ...]
    counts: Counter[tuple[str, str]]  # departures by code and field, those of the batch too
    words: Counter[tuple[str, str]]  # departures by field and word, as told
    words_left_out: frozenset[str]  # fields that had more
    records: int
    plain_bytes: int
    compressed_bytes: int
    event_time: tuple[int, int] | None  # nanoseconds


def judge(
    data: bytes,
    *,
    key: str,
    arrived_at: datetime,
    expectation: Expectation,
    catalogue: Mapping[str, Collection[str]],
    folder: str | None = None,
    plain_bytes: int | None = None,
) -> Facts:
    """Judge an object's bytes; `folder` is the destination's path, None if nobody knows it.

    How much of a cut object can be read is a matter of the decompressor: `plain_bytes` is what
    another one has read, and is believed up to what this one read.
    """
    inflated = inflate(data)
    plain = inflated.plain[:plain_bytes] if inflated.cut else inflated.plain
    lines = plain.split(b"\n")
    last = lines.pop()
    if last and not inflated.cut:
        lines.append(last)
    reader = Reader(
        expected=expectation,
        times=times(expectation.timestamps, arrived_at=arrived_at, window=window_of(key)),
        catalogue=catalogue,
    )
    read: dict[bytes, LineFacts] = {}
    for line in lines:
        if line not in read:
            too_long = len(line) > LINE_BYTES_MAX
            read[line] = LineFacts((("line-too-long", ""),)) if too_long else reader.line(line)
    found = tuple(read[line] for line in lines)
    batch = Counter([*inflated.faults, *key_codes(key, folder)])
    if not lines and not inflated.faults:
        batch["batch-empty"] += 1
    repeats = _repeats(lines)
    words, left_out = _words(found)
    counts = Counter(pair for line in found for pair in line.departures if pair[0] != "field-value")
    counts.update({(code, ""): count for code, count in batch.items()})
    if repeats:
        counts["record-repeated", ""] = repeats
    for (name, _), count in words.items():
        counts["field-value", name] += count
    events = [line.event_time for line in found if line.event_time is not None]
    return Facts(
        batch=batch,
        lines=found,
        counts=counts,
        words=words,
        words_left_out=left_out,
        records=sum(line.record for line in found),
        plain_bytes=len(plain),
        compressed_bytes=len(data),
        event_time=(min(events), max(events)) if events else None,
    )


def window_of(key: str) -> Window | None:
    """Return the window that a key's name claims, if it claims a whole one."""
    name = _name(key)
    if name is None or name[1] is None or name[1] < name[0]:
        return None
    return name[0], name[1]


def key_codes(key: str, folder: str | None) -> list[str]:
    """Return the codes of what is wrong with a key."""
    codes = ["date-unsubstituted"] if "{DATE}" in key else []
    name = _name(key)
    if name is None:
        return [*codes, "key-name"]
    start, end = name
    if end is not None and end < start:
        return [*codes, "key-window"]
    day = _day(key, folder)
    # With one time the end is not known: the window may have ended on the day after.
    days = {start.date(), (start + timedelta(days=1) if end is None else end).date()}
    return [*codes, "key-day"] if day is not None and day not in days else codes


def _name(key: str) -> tuple[datetime, datetime | None] | None:
    match = NAME.fullmatch(key.rsplit("/", maxsplit=1)[-1])
    if match is None:
        return None
    try:
        start, end = (
            datetime.strptime(each, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if each else None
            for each in match.groups()[:2]
        )
    except ValueError:
        return None
    assert start is not None
    return start, end


def _day(key: str, folder: str | None) -> date | None:
    if folder is not None:
        if "{DATE}" not in folder:
            return None
        at = folder.index("{DATE}")
        day = _date(key[at : at + 8])
        written = folder.replace("{DATE}", key[at : at + 8])
        return day if key.startswith(written) else None
    for segment in reversed(key.split("/")[:-1]):
        day = _date(segment)
        if day is not None:
            return day
    return None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch("[0-9]{8}", text) else None
    except ValueError:
        return None


def _repeats(lines: list[bytes]) -> int:
    """Count the lines that stand earlier in the batch already."""
    told = [
        line
        for line in lines[:REPEATS_AMONG]
        if line.strip(b" \t\r") and len(line) <= LINE_BYTES_MAX
    ]
    return len(told) - len(set(told))


def _words(
    lines: tuple[LineFacts, ...],
) -> tuple[Counter[tuple[str, str]], frozenset[str]]:
    """Count undocumented words: of each field the first few that came."""
    counts: Counter[tuple[str, str]] = Counter()
    fields: Counter[str] = Counter()
    left_out: set[str] = set()
    for line in lines:
        for name, word in line.words:
            text = json.dumps(word, ensure_ascii=False)
            told = text if len(text) <= GOT_CHARS else text[: GOT_CHARS - 3] + "..."
            if (name, told) not in counts:
                if fields[name] >= WORDS_MAX:
                    left_out.add(name)
                    continue
                fields[name] += 1
            counts[name, told] += 1
    return counts, frozenset(left_out)
