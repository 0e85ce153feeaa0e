import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from math import sqrt
from pathlib import Path
from typing import Any

import pytest

from receiver.emulator.batches import Batch
from receiver.emulator.job_records import JobRecords, Lines
from receiver.emulator.own_file import OwnFile
from receiver.errors import ConfigError, JobInvalid, OptionsInvalid
from receiver.job.catalogue import dataset
from receiver.job.job import parse_jobs
from tests.unit.emulator.reading import plain_of

START = datetime(2026, 11, 22, 10, tzinfo=UTC)
END = START + timedelta(seconds=30)
BELOW_400 = {"where": {"key": "EdgeResponseStatus", "operator": "lt", "value": "400"}}


def made(source: Path | None = None, *, seed: int = 1, **keys: Any) -> JobRecords:
    options = keys.pop("options", {"field_names": ["RayID", "EdgeStartTimestamp"]})
    keys = {"id": 7, "dataset": "http_requests", "output_options": options} | keys
    if "filter" in keys:
        keys["filter"] = json.dumps(keys["filter"])
    (job,) = parse_jobs(json.dumps(keys), source="test")
    return JobRecords(job, seed=seed, source=OwnFile(source) if source else None)


def window(records: JobRecords, count: int = 400, **otherwise: Any) -> Lines:
    return records.lines(START, END, count, **otherwise)


def read(lines: Lines) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.lines]


@pytest.mark.parametrize("name", ["http_requests", "spectrum_events", "dns_logs"])
def test_the_same_window_has_the_same_bytes_whatever_came_before(name: str) -> None:
    job: dict[str, Any] = {"dataset": name, "options": {"sample_rate": 0.5}}
    first, records = window(made(**job)), made(**job)
    records.lines(END, END + timedelta(minutes=5), 77)
    records.writer.lines(START, END, 5)
    assert window(records) == first
    assert window(made(**job, seed=2)) != first
    assert records.lines(END, END + timedelta(seconds=30), 400) != first


def test_what_the_writer_draws_after_a_window_depends_on_the_window_only() -> None:
    records, again = made(filter=BELOW_400), made(filter=BELOW_400)
    records.writer.lines(START, END, 9)
    window(records)
    window(again)
    assert records.writer.lines(START, END, 9) == again.writer.lines(START, END, 9)


def test_two_jobs_of_one_site_see_the_same_requests_and_sample_them_each_for_itself() -> None:
    every = [record["RayID"] for record in read(window(made(id=1), 2000))]
    options = {"field_names": ["ClientIP", "RayID", "Unheard"], "sample_rate": 0.5,
               "timestamp_format": "rfc3339"}  # fmt: skip
    one, other = (
        {record["RayID"] for record in read(window(made(id=number, options=options), 2000))}
        for number in (2, 3)
    )
    assert one | other < set(every)
    assert one != other
    assert 400 < len(one & other) < 600


def test_a_filter_comes_before_the_sample_and_all_three_counts_are_told() -> None:
    options = {"field_names": ["EdgeResponseStatus"], "sample_rate": 0.5}
    lines = window(made(options=options, filter=BELOW_400), 5000)
    assert lines.records == 5000
    assert 3500 < lines.passed < 4900
    assert lines.kept == len(lines.lines)
    assert abs(lines.kept - lines.passed / 2) < 6 * sqrt(lines.passed) / 2
    assert {record["EdgeResponseStatus"] < 400 for record in read(lines)} == {True}


def test_a_filter_may_look_at_what_the_job_does_not_ask_for() -> None:
    records = made(filter=BELOW_400)
    lines = window(records)
    assert 0 < lines.passed < lines.records
    assert {tuple(record) for record in read(lines)} == {("RayID", "EdgeStartTimestamp")}
    assert records.writer.fields == ("RayID", "EdgeStartTimestamp")
    kept = {record["RayID"] for record in read(lines)}
    statuses = {"field_names": ["RayID", "EdgeResponseStatus"]}
    below = {
        r["RayID"]: r["EdgeResponseStatus"] < 400 for r in read(window(made(options=statuses)))
    }
    assert kept == {ray for ray, passes in below.items() if passes}


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.999])
def test_a_sample_keeps_its_share_within_six_sigma(share: float) -> None:
    records = made(options={"field_names": ["RayID"], "sample_rate": share})
    count = 20_000
    kept = window(records, count).kept
    assert abs(kept - count * share) < 6 * sqrt(count * share * (1 - share))


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("http_requests", "SecuritySources"),
        ("firewall_events", "Source"),
        ("network_analytics_logs", "AttackID"),
    ],
)
def test_attack_traffic_is_left_out_of_the_data_sets_that_document_it(
    name: str, field: str
) -> None:
    options = {"field_names": [field]}
    usual = window(made(dataset=name, options=options), 8000)
    without = window(made(dataset=name, options=options, filter_attack_traffic=True), 8000)
    assert 0.7 * 8000 < without.passed < 8000
    assert usual.passed == 8000
    attacks = {str(record[field]) for record in read(usual)} - {
        str(record[field]) for record in read(without)
    }
    assert attacks
    assert all("l7ddos" in each or len(each) == 32 for each in attacks)


def test_elsewhere_attack_traffic_has_no_meaning() -> None:
    lines = window(made(dataset="dns_logs", options={}, filter_attack_traffic=True))
    assert lines.passed == lines.records


@pytest.mark.parametrize("name", ["http_requests", "dns_logs", "email_security_alerts"])
def test_without_fields_the_job_has_default_ones(name: str) -> None:
    records = made(dataset=name, options={})
    known = dataset(name)
    assert records.fields == (known.default_fields or tuple(known.fields))
    assert {tuple(record) for record in read(window(records, 5))} == {records.fields}


@pytest.mark.parametrize("merging", [{"subrequest_merging": True}, {}])
def test_merged_subrequests_stand_in_their_parent_and_nowhere_else(merging: dict[str, Any]) -> None:
    asked = ["RayID", "ParentRayID", "ClientIP", "WorkerSubrequest", "WorkerSubrequestCount"]
    options = {"field_names": asked, "merge_subrequests": not merging}
    records = made(options=options, **merging)
    lines = window(records, 1000)
    assert lines.kept == 1000
    assert records.writer.fields == tuple(asked)
    sizes: Counter[int] = Counter()
    for record in read(lines):
        assert list(record) == [*asked, "Subrequests"]
        assert not record["WorkerSubrequest"]
        assert record["WorkerSubrequestCount"] == len(record["Subrequests"])
        sizes[len(record["Subrequests"])] += 1
        for child in record["Subrequests"]:
            assert list(child) == ["RayID", "ClientIP", "WorkerSubrequest", "WorkerSubrequestCount"]
            assert child["WorkerSubrequest"]
            assert child["ClientIP"] == record["ClientIP"]
            assert child["RayID"] != record["RayID"]
    assert {0, 1, 2} <= sizes.keys()


def test_only_http_requests_can_be_merged() -> None:
    records = made(dataset="dns_logs", options={"merge_subrequests": True})
    assert "Subrequests" not in read(window(records, 3))[0]


def test_a_batch_writes_the_jobs_frame() -> None:
    shape = {
        "batch_prefix": "[",
        "batch_suffix": "]",
        "record_suffix": "}",
        "record_delimiter": ",",
    }
    records = made(options={"field_names": ["RayID"]} | shape)
    lines = window(records, 3)
    batch = Batch(
        path="", start=START, end=END, batch_id="9af500e2", lines=lines.lines, frame=records.frame
    )
    found = json.loads(plain_of(batch))
    assert [list(record) for record in found] == [["RayID"]] * 3


def test_records_of_a_file_are_filtered_sampled_and_shaped_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "own.ndjson"
    path.write_text('{"ClientIP":"a","EdgeResponseStatus":200}\n{"ClientIP":"${b","Extra":1}\n')
    options = {"field_names": ["ClientIP", "EdgeEndTimestamp"], "sample_rate": 0.5,
               "output_type": "csv", "CVE-2021-44228": True}  # fmt: skip
    records = made(path, options=options)
    lines = window(records, 1000)
    assert lines.passed == 1000
    assert 400 < lines.kept < 600
    assert {line.split(b",")[0] for line in lines.lines} == {b'"a"', b'"x{b"'}
    reached = {"where": {"key": "EdgeResponseStatus", "operator": "gt", "value": 0}}
    passed = window(made(path, options=options, filter=reached), 1000)
    assert passed.passed == 500
    assert window(records, 1000) == lines


def test_no_records_are_no_lines() -> None:
    assert window(made(), 0) == Lines(lines=(), records=0, passed=0)


@pytest.mark.parametrize(
    ("keys", "kind", "told"),
    [
        ({"dataset": "http_request"}, JobInvalid, "did you mean http_requests"),
        ({"filter": {"where": {}}}, JobInvalid, "a comparison is"),
        ({"options": {"sample_rate": 2}}, OptionsInvalid, "job 7"),
        ({"options": {"record_template": "{{"}}, OptionsInvalid, "job 7: output_options"),
    ],
)
def test_a_job_that_cannot_be_is_refused(
    keys: dict[str, Any], kind: type[ConfigError], told: str
) -> None:
    with pytest.raises(kind, match=told):
        made(**keys)
