import json
import pickle

import pytest

from receiver.errors import JobInvalid, OptionsInvalid
from receiver.job.job import Job, options_of, parse_jobs
from receiver.secret import Secret

CONF = "s3://acme-logs/http/{DATE}?region=eu-west-1&secret-access-key=PLANTED"
JOB: dict[str, object] = {
    "id": 146,
    "dataset": "http_requests",
    "name": "example.com",
    "enabled": True,
    "destination_conf": CONF,
    "logpull_options": "fields=RayID,EdgeStartTimestamp&timestamps=rfc3339",
    "last_complete": None,
    "last_error": None,
    "error_message": None,
}


def parse(content: object) -> tuple[Job, ...]:
    return parse_jobs(json.dumps(content), source="job.json")


def parse_one(**keys: object) -> Job:
    (job,) = parse(JOB | keys)
    return job


def envelope(result: object) -> dict[str, object]:
    return {"success": True, "errors": [], "messages": None, "result": result}


@pytest.mark.parametrize("content", [JOB, [JOB], envelope(JOB), envelope([JOB])])
def test_a_job_is_found_however_the_api_wraps_it(content: object) -> None:
    (job,) = parse(content)
    assert job == Job(
        id=146,
        dataset="http_requests",
        name="example.com",
        enabled=True,
        destination_conf=Secret(CONF),
        logpull_options="fields=RayID,EdgeStartTimestamp&timestamps=rfc3339",
    )


def test_a_list_gives_its_jobs_in_order() -> None:
    jobs = parse([JOB | {"id": 2}, JOB | {"id": 1}])
    assert [job.id for job in jobs] == [2, 1]


def test_bytes_with_a_byte_order_mark_are_read() -> None:
    (job,) = parse_jobs(b"\xef\xbb\xbf" + json.dumps(JOB).encode(), source="job.json")
    assert job.id == 146


def test_keys_that_no_job_has_pass() -> None:
    assert parse_one(zone_id="0123", timeouts={"create": "5m"}, ownership_challenge="x").id == 146


def test_nulls_are_as_if_absent() -> None:
    keys = dict.fromkeys(
        ["name", "kind", "enabled", "filter", "frequency", "transformer_id", "output_options"]
    )
    job = parse_one(**keys)
    assert (job.name, job.kind, job.enabled, job.filter) == ("", "", False, "")
    assert job.transformer_id is None


def test_the_filter_and_the_limits_are_kept() -> None:
    where = '{"where":{"key":"ClientCountry","operator":"eq","value":"de"}}'
    job = parse_one(filter=where, max_upload_records=1000, filter_attack_traffic=True)
    assert job.filter == where
    assert job.max_upload_records == 1000
    assert job.filter_attack_traffic


@pytest.mark.parametrize("dataset", [None, ""])
def test_a_job_without_a_data_set_is_http_requests_with_a_note(dataset: object) -> None:
    job = parse_one(dataset=dataset)
    assert job.dataset == "http_requests"
    assert "names no data set" in job.notes[0]


def test_output_options_win_and_a_note_says_so() -> None:
    job = parse_one(output_options={"field_names": ["ClientIP"], "sample_rate": 0.5})
    assert options_of(job).fields.value == ("ClientIP",)
    assert options_of(job).sample.value == 0.5
    assert "ignores its logpull_options" in job.notes[0]


def test_empty_output_options_win_too() -> None:
    assert options_of(parse_one(output_options={})).fields.value is None


def test_another_kind_gets_a_note() -> None:
    assert 'kind "edge"' in parse_one(kind="edge").notes[0]


def test_invalid_options_name_their_job() -> None:
    with pytest.raises(OptionsInvalid, match=r"^job 146: logpull_options: `sample` is 0"):
        options_of(parse_one(logpull_options="sample=0"))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"dataset": 5}, "job.json: job 146: `dataset` is not a string"),
        ({"dataset": "no/such"}, "job 146: `dataset` is not a data set's name"),
        ({"destination_conf": ["PLANTED"]}, "`destination_conf` is not a string"),
        ({"logpull_options": {}}, "`logpull_options` is not a string"),
        ({"output_options": "x"}, "`output_options` is not an object"),
        ({"enabled": "yes"}, "`enabled` is not true or false"),
        ({"filter": {"where": {}}}, "`filter` is not a string"),
        ({"max_upload_bytes": True}, "`max_upload_bytes` is not an integer"),
        ({"transformer_id": 1.5}, "`transformer_id` is not an integer"),
        ({"id": "146"}, "the job: `id` is not an integer"),
        ({"id": 0}, "job 0: `id` is not above 0"),
    ],
)
def test_a_key_of_the_wrong_type_is_named(keys: dict[str, object], message: str) -> None:
    with pytest.raises(JobInvalid) as raised:
        parse(JOB | keys)
    assert message in str(raised.value)
    assert "PLANTED" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "there is no job in it"),
        (envelope([]), "there is no job in it"),
        (envelope(None), "has no result"),
        ({}, "a job is a JSON object"),
        (5, "a job is a JSON object"),
        ({"result": 5}, "a job is a JSON object"),
        ({"resources": []}, "a job is a JSON object"),
    ],
)
def test_what_holds_no_job_is_said(content: object, message: str) -> None:
    with pytest.raises(JobInvalid, match=message):
        parse(content)


def test_a_refusal_quotes_the_api_s_errors_without_their_addresses() -> None:
    refusal = {
        "success": False,
        "errors": [
            {"code": 1004, "message": "reading job for product 'x' is not allowed"},
            {"code": 1, "message": 'Post "https://host/code?key=PLANTED": no such host'},
        ],
        "result": None,
    }
    with pytest.raises(JobInvalid, match="1004 reading job for product 'x'") as raised:
        parse(refusal)
    assert "no such host" in str(raised.value)
    assert "PLANTED" not in str(raised.value)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe{\x00", b"[" * 100_000, "\ud800"])
def test_what_is_no_json_names_its_source(data: bytes | str) -> None:
    with pytest.raises(JobInvalid, match=r"^job\.json: not JSON"):
        parse_jobs(data, source="job.json")


def test_a_job_shows_no_secret() -> None:
    job = parse_one(error_message="cannot write s3://acme-logs/?secret-access-key=PLANTED today")
    assert "PLANTED" not in f"{job!r} {job}"
    assert job.error_message == "cannot write s3://[redacted] today"
    assert job.destination_conf == Secret(CONF)


def test_a_job_can_be_sent_to_a_worker() -> None:
    assert pickle.loads(pickle.dumps(parse_one())) == parse_one()
