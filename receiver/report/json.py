"""A Run as JSON: the format that scripts read. Its Structs are its documentation.

Times are RFC 3339 UTC. Lines count from 1 in the plain batch; 0 is the batch as a whole.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from receiver.check.report import Finding, Report, Verdict
from receiver.report.run import Ignored, Run, Unread


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

    `findings` are those of the run as a whole, each batch has its own. `batches` are Reports as
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


def json_report(run: Run) -> JsonReport:
    """Return what the JSON of a Run holds."""
    summary = run.summary
    return JsonReport(
        verdict=run.verdict,
        jobs=tuple(JsonJob(id=job.id, name=job.name, dataset=job.dataset) for job in run.jobs),
        totals=JsonTotals(
            batches=summary.batches,
            records=summary.records,
            plain_bytes=summary.plain_bytes,
            compressed_bytes=summary.compressed_bytes,
            errors=run.errors,
            warnings=run.warnings,
        ),
        findings=run.findings,
        batches=run.reports,
        unread=run.unread,
        ignored=run.ignored,
        notes=_notes(run),
    )


def write_json(run: Run) -> Iterator[str]:
    """Yield the JSON of a Run in pieces, one object a line, so that it is never whole in memory."""
    report = json_report(run)
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


def _notes(run: Run) -> tuple[str, ...]:
    interrupted = ("interrupted: these are the batches verified by then",)
    return (
        *(interrupted if run.interrupted else ()),
        *(f"inconclusive: {text}" for text in run.unanswered),
        *(f"not checked: {text}" for text in run.unchecked),
        *run.notes,
    )
