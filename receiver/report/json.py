"""A SweepReport as JSON: the format that scripts read. Its Structs are its documentation.

Times are RFC 3339 UTC. Lines count from 1 in the plain batch; 0 is the batch as a whole.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from receiver.check.report import Finding, Report, Verdict
from receiver.report.sweep_report import Ignored, SweepReport, Unread


class JsonJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job that batches were held against."""

    id: int | None
    name: str
    dataset: str


class JsonTotals(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over all batches; `errors` and `warnings` count departures, not kinds of finding."""

    batches: int
    records: int
    plain_bytes: int
    compressed_bytes: int
    errors: int
    warnings: int


class JsonReport(msgspec.Struct, frozen=True, kw_only=True):
    """The whole report: one object, its lists sorted by key.

    `findings` are those of the sweep as a whole, each batch has its own. `batches` are Reports as
    they are; `job` is null where a batch follows no job, or one without an id. `ignored` are
    objects that are no batches.
    """

    verdict: Verdict
    jobs: tuple[JsonJob, ...]
    totals: JsonTotals
    findings: tuple[Finding, ...]
    batches: tuple[Report, ...]
    unread: tuple[Unread, ...]
    ignored: tuple[Ignored, ...]
    notes: tuple[str, ...]


_ENCODER: Final = msgspec.json.Encoder()


def json_report(swept: SweepReport) -> JsonReport:
    """Return what the JSON of a SweepReport holds."""
    summary = swept.summary
    return JsonReport(
        verdict=swept.verdict,
        jobs=tuple(JsonJob(id=job.id, name=job.name, dataset=job.dataset) for job in swept.jobs),
        totals=JsonTotals(
            batches=summary.batches,
            records=summary.records,
            plain_bytes=summary.plain_bytes,
            compressed_bytes=summary.compressed_bytes,
            errors=swept.errors,
            warnings=swept.warnings,
        ),
        findings=swept.findings,
        batches=swept.reports,
        unread=swept.unread,
        ignored=swept.ignored,
        notes=_notes(swept),
    )


def write_json(swept: SweepReport) -> Iterator[str]:
    """Yield the JSON in pieces, one object a line, so that it is never whole in memory."""
    report = json_report(swept)
    opening = "{"
    for name in report.__struct_fields__:
        value = getattr(report, name)
        yield f'{opening}"{name}": '
        if isinstance(value, tuple) and value:
            for number, item in enumerate(value):
                yield ("[\n" if number == 0 else ",\n") + _encoded(item)
            yield "\n]"
        else:
            yield _encoded(value)
        opening = ",\n"
    yield "}\n"


def _encoded(value: object) -> str:
    return _ENCODER.encode(value).decode()


def _notes(swept: SweepReport) -> tuple[str, ...]:
    interrupted = ("interrupted: these are the batches verified by then",)
    return (
        *(interrupted if swept.interrupted else ()),
        *(f"inconclusive: {text}" for text in swept.unanswered),
        *(f"not checked: {text}" for text in swept.unchecked),
        *swept.notes,
    )
