"""Two jobs differ in what they amount to, not in how it is written."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.job.change import Change
from receiver.job.diff import diff
from receiver.job.job import Job
from receiver.secret import Secret

CONF = "s3://acme-logs/http/{DATE}?region=eu-west-1"
KEYS = "access-key-id=AK1&secret-access-key=PLANTED"


def job(conf: str | None = CONF, **fields: Any) -> Job:
    return Job(destination_conf=Secret(conf) if conf else None, **fields)


def changed(before: Job, after: Job) -> dict[str, tuple[Any, Any]]:
    return {each.field: (each.before, each.after) for each in diff(before, after)}


# --- the same ---


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            job(logpull_options="fields=RayID,ClientIP&sample=0.1&timestamps=rfc3339"),
            job(
                output_options={
                    "field_names": ["ClientIP", "RayID"],
                    "sample_rate": 0.1,
                    "timestamp_format": "RFC3339",
                }
            ),
        ),
        (job(logpull_options=None), job(logpull_options="timestamps=unixnano&sample=1.0")),
        (job(logpull_options=""), job(output_options={"output_type": "ndjson"})),
        (
            job(logpull_options="CVE-2021-44228=true"),
            job(output_options={"CVE-2021-4428": True}),
        ),
        (job(output_options={"CVE-2021-44228": False}), job()),
        (
            job(logpull_options="sample=0.5", output_options={"sample_rate": 0.1}),
            job(output_options={"sample_rate": 0.1}),
        ),
        (
            job(output_options={"output_type": "csv"}),
            job(output_options={"output_type": "csv", "record_prefix": "", "record_suffix": "\n"}),
        ),
        (job(output_options={"merge_subrequests": True}), job(subrequest_merging=True)),
        (
            job(filter='{"where":{"key":"A","operator":"eq","value":"1"}}'),
            job(filter='{ "where": {"operator": "eq", "key": "A", "value": "1"} }'),
        ),
        (
            job(
                filter='{"where":{"and":[{"key":"A","operator":"in","value":[1,2]},'
                '{"or":[{"key":"B","operator":"eq","value":true}]}]}}'
            ),
            job(
                filter='{"where":{"and":[{"key":"B","operator":"eq","value":"true"},'
                '{"key":"A","operator":"in","value":["2","1"]}]}}'
            ),
        ),
        (job(dataset="HTTP_Requests"), job()),
        (job(frequency="high"), job()),
        (job(max_upload_bytes=0), job()),
        (job("s3://acme-logs/http"), job("s3://acme-logs/http/")),
        (
            job(f"{CONF}&sse=AES256&{KEYS}"),
            job("s3://acme-logs/http/{DATE}?" + f"{KEYS}&sse=AES256&region=eu-west-1"),
        ),
        (
            job("https://logs.example.com/x?header_Authorization=a%20b&tags=t"),
            job("https://logs.example.com/x?tags=t&header_authorization=a%20b"),
        ),
        (
            job(id=1, last_complete="2026-11-22T00:00:00Z", last_error="x"),
            job(id=2, error_message="y", ownership_challenge=Secret("t")),
        ),
    ],
)
def test_the_same_wish_in_another_writing_is_no_change(one: Job, other: Job) -> None:
    assert diff(one, other) == ()
    assert diff(other, one) == ()


# --- different ---


@pytest.mark.parametrize(
    ("one", "other", "field", "values"),
    [
        (job(), job(enabled=True), "enabled", (False, True)),
        (job(), job(dataset="dns_logs"), "dataset", ("http_requests", "dns_logs")),
        (job(), job(name="x"), "name", ("", "x")),
        (job(frequency="low"), job(), "frequency", ("low", "high")),
        (job(), job(max_upload_records=1000), "max_upload_records", (None, 1000)),
        (job(), job(logpull_options="sample=0.1"), "options.sample", (1.0, 0.1)),
        (
            job(logpull_options="timestamps=unix"),
            job(output_options={"timestamp_format": "rfc3339ms"}),
            "options.timestamps",
            ("unix", "rfc3339ms"),
        ),
        (
            job(logpull_options="fields=RayID,ClientIP"),
            job(logpull_options="fields=RayID"),
            "options.fields",
            (["ClientIP", "RayID"], ["RayID"]),
        ),
        (job(), job(logpull_options="fields=RayID"), "options.fields", (None, ["RayID"])),
        (
            job(logpull_options="CVE-2021-44228=true"),
            job(),
            "options.CVE-2021-44228",
            (True, False),
        ),
        (job(filter=""), job(filter='{"where": {}}'), "filter", (None, {"where": {}})),
        (job(filter="{"), job(filter="{{"), "filter", ("{", "{{")),
        (
            job(filter='{"where":{"and":[{"key":"A","operator":"eq","value":1}]}}'),
            job(filter='{"where":{"key":"A","operator":"!eq","value":"1"}}'),
            "filter",
            None,
        ),
        (job(filter="true"), job(filter="1"), "filter", (True, 1)),
        (job(transformer_id=7), job(), "transformer_id", (7, None)),
        (job(), job("s3://acme-logs/tcp/{DATE}?region=eu-west-1"), "destination.path", None),
        (
            job(),
            job(CONF.replace("eu-west-1", "us-east-1")),
            "destination.region",
            ("eu-west-1", "us-east-1"),
        ),
        (job(None), job(), "destination_conf", (None, "s3://acme-logs/http/{DATE}")),
    ],
)
def test_what_amounts_to_something_else_is_one_change(
    one: Job, other: Job, field: str, values: tuple[Any, Any] | None
) -> None:
    found = changed(one, other)
    assert list(found) == [field]
    assert values is None or found[field] == values


def test_the_order_of_fields_counts_where_columns_have_no_names() -> None:
    names = ["RayID", "ClientIP"]
    one, other = (
        job(output_options={"output_type": "csv", "field_names": order})
        for order in (names, names[::-1])
    )
    assert changed(one, other) == {"options.fields": (names, names[::-1])}


def test_options_that_cannot_be_read_are_compared_as_they_are_written() -> None:
    found = changed(job(logpull_options="sample=7"), job(logpull_options="sample=1"))
    assert found == {"logpull_options": ("sample=7", "sample=1")}


# --- secrets ---


@pytest.mark.parametrize(
    ("one", "other", "field"),
    [
        (f"{CONF}&{KEYS}", f"{CONF}&{KEYS}2", "destination.secret_access_key"),
        ("azure://a.blob.core.windows.net/c/d?sig=PLANTED1", None, "destination.sas"),
        ("https://x.example/?header_Authorization=PLANTED1", None, "destination.header:Authoriz"),
        ("https://x.example/?PLANTED1name=v", None, "destination.parameters"),
        ("sumo://endpoint1.collection.us2.sumologic.com/receiver/v1/http/PLANTED1", None, "path_s"),
    ],
)
def test_of_secrets_is_said_only_that_they_differ(one: str, other: str | None, field: str) -> None:
    other = other or one.replace("PLANTED1", "PLANTED2")
    (change,) = diff(job(one), job(other))
    assert field in change.field
    assert (change.before, change.after) == ("[redacted]", "[redacted]")
    assert "PLANTED" not in repr(change)


def test_a_conf_that_cannot_be_read_is_not_shown() -> None:
    (change,) = diff(job("s4://PLANTED"), job())
    assert change == Change(
        field="destination_conf", before="[redacted]", after="s3://acme-logs/http/{DATE}"
    )


def test_keys_that_are_new_are_told_from_keys_that_changed() -> None:
    found = changed(job(), job(f"{CONF}&{KEYS}"))
    assert found["destination.access_key_id"] == (None, "[redacted]")
    assert found["destination.secret_access_key"] == (None, "[redacted]")


# --- of any two ---

CONFS = [None, CONF, f"{CONF}&{KEYS}", "gs://acme-logs", "r2://x", "https://x.example/?a=b", "no"]
TEXTS = [None, "", "sample=0.1", "fields=RayID,ClientIP", "fields=ClientIP,RayID", "sample=7"]
OUTPUTS = [None, {}, {"output_type": "csv"}, {"field_names": ["RayID"]}, {"sample_rate": "no"}]
JOBS = st.builds(
    Job,
    destination_conf=st.sampled_from([None if conf is None else Secret(conf) for conf in CONFS]),
    logpull_options=st.sampled_from(TEXTS),
    output_options=st.sampled_from(OUTPUTS),
    filter=st.text(max_size=5) | st.sampled_from(['{"where":{}}', "[1]", "1", "true"]),
    enabled=st.booleans(),
    max_upload_bytes=st.none() | st.integers(0, 2),
)


@given(one=JOBS)
def test_a_job_does_not_differ_from_itself(one: Job) -> None:
    assert diff(one, one) == ()


@given(one=JOBS, other=JOBS)
def test_exchanged_jobs_exchange_the_values(one: Job, other: Job) -> None:
    there, back = diff(one, other), diff(other, one)
    exchanged = {(each.field, repr(each.after), repr(each.before)) for each in back}
    assert {(each.field, repr(each.before), repr(each.after)) for each in there} == exchanged
    assert "PLANTED" not in repr(there)
    json.dumps([each.before for each in there])
