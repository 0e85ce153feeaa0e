"""Times, spans and foreign text as the pages write them. Everything is UTC."""

from datetime import datetime
from typing import Final

from receiver.daemon.status.views import Bucket
from receiver.limits import STATUS_TEXT_CHARS_MAX
from receiver.report.phrase import counted, elided, visible

_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def duration(seconds: float | None) -> str:
    """Write a length of time with its two largest units: "3 min 20 s"."""
    if seconds is None:
        return "–"
    sign, left = ("−" if seconds <= -0.5 else ""), abs(round(seconds))
    parts: list[str] = []
    for unit, length in _UNITS:
        count, left = divmod(left, length)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
        if len(parts) == 2:
            break
    return sign + (" ".join(parts) or "0 s")


def ago(moment: datetime, now: datetime) -> str:
    """Write how long ago: "12 min ago", in its largest unit."""
    seconds = round((now - moment).total_seconds())
    if -5 < seconds < 5:
        return "now"
    for unit, length in _UNITS:
        if abs(seconds) >= length:
            count = abs(seconds) // length
            return f"{count} {unit} ago" if seconds > 0 else f"in {count} {unit}"
    return "now"


def moment(at: datetime, now: datetime) -> str:
    """Write a time: of today the clock alone."""
    return f"{at:%H:%M} UTC" if at.date() == now.date() else f"{at:%-d %b %H:%M} UTC"


def exact(at: datetime) -> str:
    """Write a time in full."""
    return f"{at:%-d %b %Y %H:%M:%S} UTC"


def machine(at: datetime) -> str:
    """Write a time for programs."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def window(span: tuple[datetime, datetime] | None) -> str:
    """Write a window: "23 Nov 10:00 – 10:05"; seconds where there are any."""
    if span is None:
        return "–"
    start, end = span
    clock = "%H:%M:%S" if start.second or end.second else "%H:%M"
    last = f"{end:{clock}}" if end.date() == start.date() else f"{end:%-d %b {clock}}"
    return f"{start:%-d %b {clock}} – {last}"


def bucket_span(bucket: Bucket) -> str:
    """Write when a bucket is: an hour, a part of a day, or a day."""
    hours = (bucket.end - bucket.start).total_seconds() / 3600
    if hours >= 24:
        return f"{bucket.start:%-d %b}"
    last = "24:00" if f"{bucket.end:%H:%M}" == "00:00" else f"{bucket.end:%H:%M}"
    return f"{bucket.start:%-d %b %H:%M} – {last}"


def bucket_words(bucket: Bucket) -> str:
    """Say what a bucket holds."""
    totals = bucket.totals
    if not totals.batches:
        return f"{bucket_span(bucket)}: nothing"
    told = [
        counted(totals.batches, "batch", "batches"),
        *([f"{totals.failed:,} failed"] if totals.failed else []),
        *([f"{totals.warned:,} with warnings"] if totals.warned else []),
        counted(totals.records, "record"),
        f"at the latest {duration(bucket.lateness_max)} late",
    ]
    return f"{bucket_span(bucket)}: {', '.join(told)}"


def file_name(key: str) -> str:
    """Return an object's name without its folders."""
    return key.rpartition("/")[2] or key


def foreign(text: object, length: int = STATUS_TEXT_CHARS_MAX) -> str:
    """Write what others wrote: nothing hidden in it, and not longer than so much."""
    return elided(visible(str(text)), length)


def finalized(value: object) -> object:
    """Let no text reach a page as it came, whoever forgot to say so."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return visible(value)
    return value
