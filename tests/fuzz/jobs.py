"""The jobs whose batches are mutated: each way of asking, every format, all kinds of field."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

import msgspec

from receiver.check.plan import Plan
from receiver.emulator.records import RecordWriter
from receiver.job.catalogue import dataset, datasets
from receiver.job.expect import expectation_of
from receiver.job.expectation import Expectation, FieldType, TimestampFormat
from receiver.job.options import parse_logpull_options, parse_output_options

START: Final = datetime(2026, 11, 22, 10, tzinfo=UTC)
END: Final = START + timedelta(minutes=5)
ARRIVED: Final = END + timedelta(seconds=40)
LINES: Final = 400
DATE: Final = "{DATE}"
CATALOGUE: Final = {each.name: frozenset(each.types()) for each in datasets()}

_ASKED: Final[dict[str, list[str] | None]] = {  # None: all of them
    "http_requests": None,
    "spectrum_events": None,
    "firewall_events": ["Action", "Source", "Datetime", "MatchIndex", "Metadata", "RayID"],
    "gateway_dns": None,
    "gateway_http": ["Datetime", "FileInfo", "ForensicCopyStatus", "NotDocumented", "Policy"],
    "workers_trace_events": None,
    "dex_device_state_events": None,
    "mnm_flow_logs": None,
    "ssh_logs": None,
    "zaraz_events": None,
    "nel_reports": ["Phase"],
    "email_security_post_delivery_events": ["RequestedAt", "CompletedAt", "Success", "To"],
}
_SMALL: Final = [
    *(
        "ClientIP",
        "EdgeStartTimestamp",
        "EdgeEndTimestamp",
        "SecurityActions",
        "ContentScanObjSizes",
    ),
    *(
        "CacheCacheStatus",
        "RequestHeaders",
        "BotTags",
        "OriginResponseDurationMs",
        "CacheReserveUsed",
    ),
]


class FuzzJob(msgspec.Struct, frozen=True, kw_only=True):
    """One job with good lines of it."""

    name: str
    expectation: Expectation
    plan: Plan
    lines: tuple[bytes, ...]


@cache
def jobs() -> tuple[FuzzJob, ...]:
    """Every job that is mutated."""
    return tuple(_jobs())


def _jobs() -> Iterator[FuzzJob]:
    forms = list(TimestampFormat)
    for index, (name, asked) in enumerate(_ASKED.items()):
        fields = list(dataset(name).fields) if asked is None else asked
        for form in (forms[index % 5], forms[(index + 2) % 5]):
            yield _job(name, fields, form)
    for form in forms:
        yield _job("http_requests", _SMALL, form, cve=form is TimestampFormat.RFC3339)
    yield _job("http_requests", [*_SMALL, "Subrequests"], forms[0], optional=True)
    removed = dataset("http_requests").removed
    yield _job("http_requests", ["RayID", "WAFProfile", *removed], forms[0])
    for name in ("http_requests", "dns_logs", "spectrum_events", "workers_trace_events"):
        yield _default_fields(name, forms[2] if name == "dns_logs" else forms[0])
    yield _unknown_dataset(forms[3])


def _job(
    name: str,
    fields: list[str],
    form: TimestampFormat,
    *,
    cve: bool = False,
    optional: bool = False,
) -> FuzzJob:
    options = parse_output_options(
        {
            "field_names": [field for field in fields if not (optional and field == "Subrequests")],
            "timestamp_format": form.value,
            "CVE-2021-44228": cve,
            "merge_subrequests": optional,
        }
    )
    written = [field for field in fields if dataset(name).type_of(field) is not None]
    lines = _good_lines(name, written, form, cve=cve)
    missing = "".join(f',"{field}":"x"' for field in fields if field not in written)
    if missing:
        lines = [line[:-1] + missing.encode() + b"}" for line in lines]
    found = expectation_of(name, options)
    return FuzzJob(
        name=f"{name} {form} {len(fields)} fields",
        expectation=found,
        plan=Plan([found]),
        lines=tuple(lines),
    )


def _default_fields(name: str, form: TimestampFormat) -> FuzzJob:
    found = expectation_of(name, parse_logpull_options(f"timestamps={form}"))
    fields = dataset(name).default_fields or tuple(dataset(name).fields)
    lines = _good_lines(name, list(fields), form, cve=False)
    return FuzzJob(
        name=f"{name} {form} default", expectation=found, plan=Plan([found]), lines=tuple(lines)
    )


def _unknown_dataset(form: TimestampFormat) -> FuzzJob:
    found = expectation_of("new_logs", parse_logpull_options(f"fields=A,B,C&timestamps={form}"))
    assert found.fields is not None
    assert set(found.fields.values()) == {FieldType.UNKNOWN}
    lines = tuple(b'{"A":"%d","B":[%d],"C":null}' % (number, number) for number in range(LINES))
    return FuzzJob(name="unknown data set", expectation=found, plan=Plan([found]), lines=lines)


def _good_lines(name: str, fields: list[str], form: TimestampFormat, *, cve: bool) -> list[bytes]:
    writer = RecordWriter(name, fields, timestamps=form, cve_2021_44228=cve, seed=5)
    return writer.lines(START, END, LINES)
