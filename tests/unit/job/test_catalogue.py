import pytest

from receiver.errors import JobInvalid
from receiver.job.catalogue import dataset, datasets, find_dataset
from receiver.job.expectation import FieldType

DATASETS = datasets()


def test_the_catalogue_holds_every_documented_data_set() -> None:
    assert len(DATASETS) == 37
    assert len({each.name for each in DATASETS}) == 37
    assert len(dataset("http_requests").fields) == 124
    assert len(dataset("spectrum_events").fields) == 31


@pytest.mark.parametrize("name", [each.name for each in DATASETS])
def test_all_that_a_data_set_names_are_fields_of_it(name: str) -> None:
    found = dataset(name)
    types = found.types()
    named = {field.removesuffix("[]") for field in found.vocabulary}
    named |= {*found.event_time_fields, *found.epoch_ms_fields, *(found.default_fields or ())}
    named |= found.deprecated | found.unfilterable
    assert named <= types.keys()
    assert not found.fields.keys() & found.removed.keys()
    assert found.source


@pytest.mark.parametrize("name", [each.name for each in DATASETS])
def test_an_event_time_is_a_timestamp_or_milliseconds(name: str) -> None:
    found = dataset(name)
    assert found.event_time_fields
    for field in found.event_time_fields:
        milliseconds = field in found.epoch_ms_fields
        assert found.fields[field] is (FieldType.INT if milliseconds else FieldType.TIMESTAMP)


@pytest.mark.parametrize("name", [each.name for each in DATASETS])
def test_a_vocabulary_fits_its_field_s_type(name: str) -> None:
    found = dataset(name)
    for field, values in found.vocabulary.items():
        assert len(set(values)) == len(values)
        wanted = int if found.type_of(field.removesuffix("[]")) is FieldType.INT else str
        assert all(isinstance(value, wanted) for value in values)
        is_array = found.type_of(field.removesuffix("[]")) is FieldType.ARRAY_STRING
        assert is_array == field.endswith("[]")


def test_removed_fields_keep_their_old_type() -> None:
    found = dataset("http_requests")
    assert "WAFAction" not in found.fields
    assert found.type_of("WAFAction") is FieldType.STRING
    assert found.type_of("ZoneID") is FieldType.INT
    assert found.types()["FirewallMatchesSources"] is FieldType.ARRAY_STRING
    assert found.type_of("Nonsense") is None


def test_the_values_of_old_documents_are_documented_too() -> None:
    vocabulary = dataset("http_requests").vocabulary
    assert {"allowlist", "whitelist", "clean"} <= set(vocabulary["ClientIPClass"])
    assert vocabulary["WAFProfile"] == ("low", "med", "high")


def test_custom_fields_are_objects() -> None:
    fields = dataset("http_requests").fields
    for field in ("ResponseFields", "Cookies", "RequestHeaders", "ResponseHeaders"):
        assert fields[field] is FieldType.OBJECT


def test_default_fields_are_known_for_http_requests_only() -> None:
    known = [each.name for each in DATASETS if each.default_fields is not None]
    assert known == ["http_requests"]


def test_a_data_set_s_name_does_not_know_upper_from_lower_case() -> None:
    assert dataset("HTTP_Requests") is dataset("http_requests")


def test_an_unknown_data_set_is_named_with_the_one_that_was_meant() -> None:
    assert find_dataset("http_request") is None
    with pytest.raises(JobInvalid, match="did you mean http_requests") as raised:
        dataset("http_request")
    assert "known are access_requests," in str(raised.value)
