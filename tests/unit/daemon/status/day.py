"""A seeded day of three jobs in a ledger: one healthy, one failing since nine, one silent."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

import msgspec

from receiver.check.report import Example, Finding, Report, Severity, Verdict
from receiver.daemon.status.scene import RosteredJob, Scene
from receiver.ledger.ledger import Claim, Judgement, Ledger
from receiver.store.store import Object
from tests.unit.virtual_clock import VirtualClock

NOW = datetime(2026, 11, 23, 14, 5, 9, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
HTTP = "s3://acme-logs/http/{DATE}"
FIREWALL = "gs://acme-logs-eu/firewall/{DATE}"
DNS = "azure://dns@acmelogs/{DATE}"
SILENT_SINCE = NOW.replace(hour=3, minute=12, second=40)
FAILING_SINCE = NOW.replace(hour=9, minute=0, second=0)
HOSTILE = "<script>alert(1)</script>\u202e\x1b[31m\ud800'\"&" + "k" * 10_000

Judge = Callable[[datetime, Random], tuple[Finding, ...]]


class WatchedPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A watcher's state."""

    place: str
    last_listed_at: datetime | None
    last_arrival: datetime | None = None
    error: str = ""
    next_poll_at: datetime | None = None


def clock() -> VirtualClock:
    return VirtualClock(NOW)


def scene(ledger: Ledger, **changed: object) -> Scene:
    """Return the day's scene; jobs and places may be changed."""
    seen = Scene(ledger=ledger, clock=clock(), jobs=jobs, places=places)
    return msgspec.structs.replace(seen, **changed)


def jobs() -> tuple[RosteredJob, ...]:
    told = {
        146: ("http_requests", "Edge traffic", HTTP, "141 fields, unixnano"),
        147: ("firewall_events", "Firewall", FIREWALL, "32 fields, rfc3339, sample 0.5"),
        148: ("dns_logs", "Resolver", DNS, "default 12 fields, unixnano"),
    }
    return tuple(
        RosteredJob(
            id=number,
            dataset=dataset,
            name=name,
            place=place,
            options=options,
            grace_until=NOW + 9 * MINUTE if number == 146 else None,
        )
        for number, (dataset, name, place, options) in told.items()
    )


def places() -> tuple[WatchedPlace, ...]:
    listed = NOW - timedelta(seconds=3)
    soon = NOW + timedelta(seconds=2)
    return (
        WatchedPlace(
            place=HTTP, last_listed_at=listed, last_arrival=NOW - 4 * MINUTE, next_poll_at=soon
        ),
        WatchedPlace(
            place=FIREWALL, last_listed_at=listed, last_arrival=NOW - 4 * MINUTE, next_poll_at=soon
        ),
        WatchedPlace(
            place=DNS,
            last_listed_at=listed,
            last_arrival=SILENT_SINCE,
            next_poll_at=NOW + 52 * timedelta(seconds=1),
        ),
    )


async def fill(ledger: Ledger, *, seed: int = 1) -> None:
    """Write the day, and a thinner week before it."""
    random = Random(seed)
    await _write(ledger, 146, HTTP, _windows(NOW - 4 * MINUTE), random, 26_000, healthy)
    await _write(ledger, 147, FIREWALL, _windows(NOW - 4 * MINUTE), random, 2_400, failing)
    await _write(ledger, 148, DNS, _windows(SILENT_SINCE), random, 9_000, healthy)
    for number, error in enumerate(
        ("AccessDenied: the role needs s3:GetObject", "the body ended after 4,096 of 88,107 bytes")
    ):
        start = NOW - (3 + number) * HOUR
        (claim,) = await _claim(ledger, FIREWALL, [_object("firewall", start, 7 * number + 3)])
        await ledger.put_back(claim, error=error, next_try_at=None, park=True)


def healthy(start: datetime, random: Random) -> tuple[Finding, ...]:
    if random.random() < 0.01:
        return (_finding("record-repeated", Severity.WARNING, count=14, line=812),)
    return ()


def failing(start: datetime, random: Random) -> tuple[Finding, ...]:
    """Since nine every eighth batch is broken in one of some ways."""
    if start < FAILING_SINCE or (start.minute % 40 and random.random() > 0.1):
        return ()
    ways: tuple[tuple[Finding, ...], ...] = (
        (
            _finding("field-missing", field="BotScore", count=812, line=40_211),
            _finding("field-missing", field="BotTags", count=812, line=40_211),
        ),
        (_finding("gzip-truncated", count=1, got="after line 88,107"),),
        (
            _finding(
                "timestamp-format",
                field="Datetime",
                expected="rfc3339",
                got="int",
                count=2_204,
                line=1,
                shown="1795341660000000000",
            ),
            _finding("record-repeated", Severity.WARNING, count=3, line=9),
        ),
        (_finding("field-unexpected", field=HOSTILE, count=9, line=3, shown=HOSTILE),),
    )
    return ways[(start.hour + start.minute // 20) % len(ways)]


async def judge(
    ledger: Ledger,
    job: int | None,
    place: str,
    start: datetime,
    findings: tuple[Finding, ...] = (),
    *,
    records: int = 1000,
    length: timedelta = 5 * MINUTE,
    late: float = 42.0,
    key: str = "",
    etag: str = "1",
    notes: tuple[str, ...] = (),
) -> int:
    """Have one batch arrive and be judged; returns the number of its Entry."""
    obj = _object(key or f"at/{job}", start, int(late), length=length, late=late, etag=etag)
    if key:
        obj = msgspec.structs.replace(obj, key=key)
    (claim,) = await _claim(ledger, place, [obj])
    named = (start, start + length) if not key.startswith("nameless") else None
    report = _report(claim, job, named, findings, records, notes)
    await ledger.record(
        claim, Judgement(report=report, etag=etag, digest="ab" * 32), now=obj.arrived_at
    )
    return claim.entry.id


async def _write(
    ledger: Ledger,
    job: int,
    place: str,
    windows: Sequence[tuple[datetime, timedelta]],
    random: Random,
    records: int,
    judge: Judge,
) -> None:
    folder = place.rpartition("/")[0].rpartition("/")[2]
    late = partial(random.lognormvariate, 3.6, 0.5)
    objects = [
        _object(folder, start, number, length=length, late=late())
        for number, (start, length) in enumerate(windows)
    ]
    claims = await _claim(ledger, place, objects)
    arrivals = {each.key: each for each in objects}
    spans = dict(zip([each.key for each in objects], windows, strict=True))
    for claim in claims:
        start, length = spans[claim.entry.key]
        swing = 1 + 0.5 * (1 - abs(start.hour - 14) / 14) + random.random() * 0.15
        report = _report(
            claim, job, (start, start + length), judge(start, random), int(records * swing), ()
        )
        judgement = Judgement(report=report, etag=claim.entry.etag, digest="ab" * 32)
        await ledger.record(claim, judgement, now=arrivals[claim.entry.key].arrived_at)


async def _claim(ledger: Ledger, place: str, objects: Sequence[Object]) -> list[Claim]:
    await ledger.see(place, objects, now=max(each.arrived_at for each in objects))
    return await ledger.claim(
        place,
        owner="test",
        now=NOW,
        until=NOW + HOUR,
        entries_max=len(objects),
        bytes_max=1 << 60,
    )


def _windows(end: datetime) -> list[tuple[datetime, timedelta]]:
    """Windows of 5 minutes over a day, and of 20 over the six before."""
    return list(_steps(end, 6 * 24 * HOUR, 20 * MINUTE, NOW - 24 * HOUR)) + list(
        _steps(end, timedelta(), 5 * MINUTE, end)
    )


def _steps(
    end: datetime, back: timedelta, step: timedelta, last: datetime
) -> Iterator[tuple[datetime, timedelta]]:
    start = (NOW - 24 * HOUR - back).replace(minute=0, second=0)
    while start + step < min(end, last):
        yield start, step
        start += step


def _object(
    folder: str,
    start: datetime,
    number: int,
    *,
    length: timedelta = 5 * MINUTE,
    late: float = 42.0,
    etag: str = "1",
) -> Object:
    end = start + length
    name = f"{start:%Y%m%dT%H%M%SZ}_{end:%Y%m%dT%H%M%SZ}_{number + 0x9AF500E2:08x}.log.gz"
    return Object(
        key=f"{folder}/{start:%Y%m%d}/{name}",
        etag=etag,
        stored_bytes=4_200_000,
        arrived_at=end + timedelta(seconds=late),
    )


def _report(
    claim: Claim,
    job: int | None,
    window: tuple[datetime, datetime] | None,
    findings: tuple[Finding, ...],
    records: int,
    notes: tuple[str, ...],
) -> Report:
    failed = any(each.severity is Severity.ERROR for each in findings)
    return Report(
        key=claim.entry.key,
        job=job,
        verdict=Verdict.FAIL if failed else Verdict.PASS,
        records=records,
        plain_bytes=records * 1_870,
        compressed_bytes=records * 160,
        window=window,
        event_time=window,
        findings=findings,
        notes=notes,
    )


def _finding(
    code: str,
    severity: Severity = Severity.ERROR,
    *,
    field: str = "",
    expected: str = "",
    got: str = "",
    count: int,
    line: int = 0,
    shown: str = "",
) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        field=field,
        expected=expected,
        got=got,
        count=count,
        examples=(Example(line=line, got=shown or got),),
    )


def error_finding(code: str, *, field: str = "") -> Finding:
    return _finding(code, count=1, line=7, field=field)
