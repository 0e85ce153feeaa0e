"""What the emulator writes for a job is what the verifier expects of that job: no finding."""

import csv
import gzip
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.check.plan import Plan
from receiver.check.report import Finding
from receiver.check.verifier import BatchVerifier
from receiver.emulator.batches import Batch
from receiver.emulator.job_records import JobRecords
from receiver.emulator.shapes import shape_of
from receiver.job.catalogue import Dataset, datasets
from receiver.job.expect import expectation
from receiver.job.expectation import TimestampFormat
from receiver.job.job import Job, parse_jobs

START = datetime(2026, 11, 22, 10, tzinfo=UTC)
END = START + timedelta(seconds=30)
ARRIVED = END + timedelta(seconds=20)
SEEDS = st.integers(0, 2**32)

ALL = {each.name: each for each in datasets()}


def job_of(dataset: str, options: dict[str, Any], **keys: Any) -> Job:
    text = json.dumps({"id": 1, "dataset": dataset, "output_options": options} | keys)
    return parse_jobs(text, source="test")[0]


def batch_of(job: Job, *, seed: int, count: int) -> Batch:
    records = JobRecords(job, seed=seed)
    found = records.lines(START, END, count)
    return Batch(
        path="logs/{DATE}/", start=START, end=END, batch_id="9af500e2", lines=found.lines,
        frame=records.frame,
    )  # fmt: skip


def findings(job: Job, batch: Batch) -> tuple[Finding, ...]:
    verifier = BatchVerifier(Plan([expectation(job)]), key=batch.key, arrived_at=ARRIVED)
    verifier.feed(batch.write().body)
    report = verifier.close()
    if expectation(job).plain:
        assert report.records == len(batch.lines)
    return report.findings


@pytest.mark.parametrize("form", TimestampFormat)
@pytest.mark.parametrize("each", ALL.values(), ids=list(ALL))
def test_every_data_set_in_every_format_is_as_its_job_promises(
    each: Dataset, form: TimestampFormat
) -> None:
    asked = {"field_names": list(each.types()), "timestamp_format": form}
    for options in (asked, {"timestamp_format": form}):
        job = job_of(each.name, options)
        assert findings(job, batch_of(job, seed=5, count=60)) == ()


@st.composite
def jobs(draw: st.DrawFn) -> Job:
    """Any job of plain NDJSON, with all that the verifier must not mind."""
    known = ALL[draw(st.sampled_from([*sorted(ALL), *["http_requests", "spectrum_events"] * 12]))]
    fields = draw(st.lists(st.sampled_from(sorted(known.types())), min_size=1, unique=True))
    unrepeated = [name for name in ("RayID", "ClientIP", *known.event_time_fields)
                  if name in known.types()]  # fmt: skip
    options: dict[str, Any] = {
        "field_names": list(dict.fromkeys([*fields, *unrepeated])),
        "timestamp_format": draw(st.sampled_from(TimestampFormat)),
        "sample_rate": draw(st.sampled_from([1, 0.5, 0.9])),
        "CVE-2021-44228": draw(st.booleans()),
        "merge_subrequests": draw(st.booleans()),
    } | draw(st.sampled_from([{}, {"record_suffix": "}", "record_delimiter": "\n"}]))
    keys: dict[str, Any] = {
        "filter_attack_traffic": draw(st.booleans()),
        "subrequest_merging": draw(st.booleans()) and known.name == "http_requests",
    }
    filterable = [
        name for name, kind in known.types().items()
        if kind.value in {"int", "string"} and name not in known.unfilterable
    ]  # fmt: skip
    filtered: bool = draw(st.booleans())
    if filterable and filtered:
        key = draw(st.sampled_from(sorted(filterable)))
        number = known.types()[key].value == "int"
        where = {"key": key, "operator": draw(st.sampled_from(["eq", "!eq"])),
                 "value": 0 if number else ""}  # fmt: skip
        keys["filter"] = json.dumps({"where": {"and": [where]}})
    return job_of(known.name, options, **keys)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(job=jobs(), seed=SEEDS, count=st.integers(0, 200))
def test_filters_samples_and_other_options_leave_nothing_to_find(
    job: Job, seed: int, count: int
) -> None:
    batch = batch_of(job, seed=seed, count=count)
    # A few fields, cut to whole seconds, can make two records of one text: that is told, rightly.
    codes = {str(each.code) for each in findings(job, batch)} - {"record-repeated"}
    assert codes <= (set() if batch.lines else {"batch-empty"})


@settings(max_examples=60, deadline=None, derandomize=True)
@given(job=jobs(), seed=SEEDS)
def test_the_same_arguments_write_the_same_bytes(job: Job, seed: int) -> None:
    first, again = (batch_of(job, seed=seed, count=50).write() for _ in range(2))
    assert first == again


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=6)
SHAPES = st.fixed_dictionaries(
    {"record_template": st.sampled_from(["", '"a":{{.RayID}}', "{{.ClientIP}}{{/* x */}}\n"])},
    optional={
        "output_type": st.sampled_from(["csv", "ndjson"]),
        "batch_prefix": TEXTS, "batch_suffix": TEXTS, "record_prefix": TEXTS,
        "record_suffix": TEXTS, "record_delimiter": TEXTS, "field_delimiter": TEXTS,
        "stringify_object": st.booleans(),
    },
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(options=SHAPES)
def test_no_shape_is_taken_for_records_that_are_wrong(options: dict[str, Any]) -> None:
    job = job_of("http_requests", {"field_names": ["RayID", "ClientIP", "Cookies"]} | options)
    batch = batch_of(job, seed=1, count=20)
    assert shape_of(job).plain is expectation(job).plain
    codes = {str(each.code) for each in findings(job, batch)}
    assert not {code for code in codes if code.startswith(("field", "timestamp", "dataset"))}


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, delimiter=st.sampled_from([",", "\t", ";", "|"]))
def test_csv_holds_the_values_that_ndjson_has(seed: int, delimiter: str) -> None:
    fields = ["RayID", "ClientRequestUserAgent", "ClientCity", "EdgeResponseStatus", "BotTags",
              "SecurityRuleDescription", "JA4Signals", "CacheTieredFill"]  # fmt: skip
    plain = job_of("http_requests", {"field_names": fields})
    table = job_of(
        "http_requests", {"field_names": fields, "output_type": "csv", "field_delimiter": delimiter}
    )
    records = [json.loads(line) for line in batch_of(plain, seed=seed, count=40).lines]
    text = gzip.decompress(batch_of(table, seed=seed, count=40).write().body).decode()
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    assert len(rows) == len(records) == 40
    for row, record in zip(rows, records, strict=True):
        for value, expected in zip(row, record.values(), strict=True):
            assert value == expected if isinstance(expected, str) else json.loads(value) == expected
