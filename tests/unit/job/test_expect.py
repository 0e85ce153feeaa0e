import pytest

from receiver.errors import OptionsInvalid
from receiver.job.catalogue import dataset
from receiver.job.expect import expectation, expectation_of
from receiver.job.expectation import FieldType, TimestampFormat
from receiver.job.job import Job
from receiver.job.options import parse_logpull_options


def job(**keys: object) -> Job:
    fields = "fields=RayID,EdgeStartTimestamp,ClientIP"
    return Job(**({"id": 146, "name": "acme", "logpull_options": fields} | keys))  # type: ignore[arg-type]


def test_the_fields_that_a_job_asks_for_are_a_promise() -> None:
    found = expectation(
        job(logpull_options="fields=ClientIP,EdgeEndTimestamp&timestamps=unix&sample=0.5")
    )
    assert found.fields == {
        "ClientIP": FieldType.STRING,
        "EdgeEndTimestamp": FieldType.TIMESTAMP,
    }
    assert found.fields_explicit
    assert (found.job_id, found.job_name, found.dataset) == (146, "acme", "http_requests")
    assert (found.timestamps, found.sample) == (TimestampFormat.UNIX, 0.5)
    assert found.event_time_fields == ("EdgeEndTimestamp",)
    assert found.notes == ()


def test_known_default_fields_are_expected_but_no_promise() -> None:
    found = expectation(job(logpull_options=None))
    assert found.fields is not None
    assert set(found.fields) == set(dataset("http_requests").default_fields or ())
    assert not found.fields_explicit
    assert found.event_time_fields == ("EdgeStartTimestamp", "EdgeEndTimestamp")


def test_unknown_default_fields_are_not_checkable_but_types_are() -> None:
    found = expectation(job(dataset="spectrum_events", logpull_options=None))
    assert found.fields is None
    assert found.types["ClientAsn"] is FieldType.INT
    assert found.event_time_fields == ("Timestamp", "ConnectTimestamp")
    assert found.notes[0].startswith("fields not checkable: ")


def test_the_types_hold_removed_fields_too() -> None:
    types = expectation(job()).types
    assert types["WAFAction"] is FieldType.STRING
    assert types["RayID"] is FieldType.STRING


def test_a_field_that_the_catalogue_lacks_is_checked_for_presence() -> None:
    found = expectation(job(logpull_options="fields=RayID,EdgeStartTimestamp,Brandnew"))
    assert found.fields is not None
    assert found.fields["Brandnew"] is FieldType.UNKNOWN
    assert found.notes == (
        "no document gives the type of Brandnew: presence is checked, the type is not",
    )


@pytest.mark.parametrize(
    ("data_set", "asked", "meant"),
    [
        ("http_requests", "ClientAsn", "ClientASN"),
        ("spectrum_events", "ClientASN", "ClientAsn"),
        ("http_requests", "EdgeStartTimestmp", "EdgeStartTimestamp"),
    ],
)
def test_a_misspelled_field_gets_the_one_that_was_meant(
    data_set: str, asked: str, meant: str
) -> None:
    found = expectation(job(dataset=data_set, logpull_options=f"fields={asked}"))
    assert any(note.endswith(f"did you mean {meant}?") for note in found.notes)
    assert found.fields == {asked: FieldType.UNKNOWN}


def test_a_removed_field_keeps_its_type_with_a_note() -> None:
    found = expectation(job(logpull_options="fields=EdgeStartTimestamp,WAFAction"))
    assert found.fields is not None
    assert found.fields["WAFAction"] is FieldType.STRING
    assert found.notes[0].startswith("WAFAction: no longer among the documented fields")


def test_a_job_without_an_event_time_says_so() -> None:
    found = expectation(job(logpull_options="fields=RayID"))
    assert found.event_time_fields == ()
    assert "event time not checkable" in found.notes[0]


def test_milliseconds_are_known_whatever_the_format() -> None:
    found = expectation(job(dataset="workers_trace_events", logpull_options="timestamps=rfc3339"))
    assert found.epoch_ms_fields == ("EventTimestampMs",)
    assert found.event_time_fields == ("EventTimestampMs",)


def test_an_unknown_data_set_is_checked_for_presence_only() -> None:
    found = expectation(job(dataset="http_request", logpull_options="fields=A,B"))
    assert found.fields == {"A": FieldType.UNKNOWN, "B": FieldType.UNKNOWN}
    assert found.types == {}
    (note,) = found.notes
    assert note.startswith("the catalogue does not know the data set http_request (did you mean")
    assert note.endswith("types and values are not checked")


def test_a_data_set_s_name_is_the_catalogue_s() -> None:
    assert expectation(job(dataset="HTTP_REQUESTS")).dataset == "http_requests"


def test_nothing_known_holds_behind_a_transformer() -> None:
    found = expectation(job(transformer_id=7, logpull_options="sample=0.5"))
    assert found.fields is None
    assert (found.types, found.vocabulary, found.event_time_fields) == ({}, {}, ())
    assert any("a transformer reshapes" in note for note in found.notes)


def test_of_what_is_no_ndjson_nothing_is_expected_of_a_record() -> None:
    found = expectation(job(output_options={"output_type": "csv", "field_names": ["RayID"]}))
    assert (found.plain, found.fields, found.types, found.vocabulary) == (False, None, {}, {})
    assert expectation(job()).plain


@pytest.mark.parametrize(
    "keys", [{"output_options": {"merge_subrequests": True}}, {"subrequest_merging": True}]
)
def test_merged_subrequests_may_come_unasked(keys: dict[str, object]) -> None:
    assert expectation(job(**keys)).fields_optional == {"Subrequests"}


def test_nothing_else_may_come_unasked() -> None:
    assert expectation(job()).fields_optional == frozenset()


def test_the_notes_of_job_and_options_come_along() -> None:
    options = {"field_names": ["RayID", "EdgeStartTimestamp"], "record_template": "{{.RayID}}"}
    found = expectation(job(output_options=options, notes=("of the job",), filter="{}"))
    assert found.notes[0] == "of the job"
    assert "`record_template`: the batch is not plain NDJSON" in found.notes[1]
    assert "the job has a filter" in found.notes[2]


def test_options_alone_make_an_expectation() -> None:
    found = expectation_of("dns_logs", parse_logpull_options("fields=Timestamp,QueryName"))
    assert (found.job_id, found.job_name) == (None, "")
    assert found.event_time_fields == ("Timestamp",)


def test_invalid_options_make_none() -> None:
    with pytest.raises(OptionsInvalid, match="job 146"):
        expectation(job(logpull_options="sample=0"))
