from typing import Any

import msgspec
import pytest

from receiver.errors import OptionsInvalid
from receiver.job.expectation import TimestampFormat
from receiver.job.options import (
    Options,
    Origin,
    Setting,
    parse_logpull_options,
    parse_output_options,
)

URL = "https://api.cloudflare.com/client/v4/zones/0123/logs/received"


def explicit(value: object) -> Setting[Any]:
    return Setting(value, Origin.EXPLICIT)


@pytest.mark.parametrize("text", [None, "", "?", "&", URL, "/zones/0123/logs/received?"])
def test_no_option_is_all_defaults(text: str | None) -> None:
    assert parse_logpull_options(text) == Options()


def test_defaults_are_every_record_in_unixnano() -> None:
    options = Options()
    assert options.fields == Setting(None, Origin.DEFAULT)
    assert options.sample == Setting(1.0, Origin.DEFAULT)
    assert options.timestamps == Setting(TimestampFormat.UNIXNANO, Origin.DEFAULT)
    assert options.cve_2021_44228 == Setting(False, Origin.DEFAULT)
    assert not options.shape.unplain


@pytest.mark.parametrize(
    "text",
    [
        "fields=RayID,ClientIP&sample=0.1&timestamps=rfc3339&CVE-2021-44228=true",
        "?fields=RayID,ClientIP&sample=0.1&timestamps=rfc3339&CVE-2021-44228=true",
        f"{URL}?fields=RayID,ClientIP&sample=0.1&timestamps=rfc3339&CVE-2021-44228=true",
        "zones/0123/logs/received?CVE-2021-44228=true&timestamps=rfc3339&sample=.1&fields=RayID,ClientIP",
        "&sample=1e-1&&fields=RayID%2CClientIP&timestamps=%72fc3339&CVE-2021-44228=true&",
    ],
)
def test_every_way_to_write_it_reads_the_same(text: str) -> None:
    assert parse_logpull_options(text) == Options(
        fields=explicit(("RayID", "ClientIP")),
        sample=explicit(0.1),
        timestamps=explicit(TimestampFormat.RFC3339),
        cve_2021_44228=explicit(True),
    )


def test_a_default_written_out_is_explicit() -> None:
    options = parse_logpull_options("sample=1&timestamps=unixnano&CVE-2021-44228=false")
    assert options.sample == explicit(1.0)
    assert options.timestamps == explicit(TimestampFormat.UNIXNANO)
    assert options.cve_2021_44228 == explicit(False)


@pytest.mark.parametrize("text", ["fields=", "fields=,", "fields=%20"])
def test_an_empty_list_of_fields_is_the_default_list(text: str) -> None:
    assert parse_logpull_options(text).fields == Setting(None, Origin.DEFAULT)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("start=2018-08-02T10:00:00Z", "`start` is of Logpull"),
        ("end=1", "`end` is of Logpull"),
        ("count=10", "`count` is of Logpull"),
        ("fields=RayID,,ClientIP", "blank item"),
        ("fields=RayID,ClientIP,RayID", "repeats RayID"),
        ("fields=RayID, ClientIP", "spaces"),
        ("fields=RayID,+ClientIP", "spaces"),
        ("sample=0.0005", "below 0.001"),
        ("timestamps=rfc3339ms", "documented for output_options only"),
        ("timestamps=rfc3339ns", "documented for output_options only"),
    ],
)
def test_what_is_unusual_but_usable_gets_a_note(text: str, note: str) -> None:
    (found,) = parse_logpull_options(text).notes
    assert note in found


def test_repeated_and_blank_fields_are_left_out() -> None:
    fields = parse_logpull_options("fields=RayID,, ClientIP,RayID").fields
    assert fields.value == ("RayID", "ClientIP")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("timestamps=rfc3339,sample=1.0", "`,` stands before `sample=`: write `&sample=`"),
        ("fields=RayID;timestamps=unix", "`;` stands before `timestamps=`"),
        ("fields=RayID?sample=0.1", "`?` stands before `sample=`"),
        ("fields=RayID timestamps=unix", "` ` stands before `timestamps=`"),
        ("fields=RayID&amp;sample=0.1", "escaped for HTML"),
        ("fields=RayID&fields=ClientIP", "`fields=` is given twice"),
        ("sample=1&sample=1", "`sample=` is given twice"),
        ("sample_rate=0.1", "belongs to output_options: write `sample`"),
        ("field_names=RayID", "write `fields`"),
        ("timestamp_format=unix", "write `timestamps`"),
        ("timestamp=unix", "did you mean `timestamps`?"),
        ("Sample=0.1", "did you mean `sample`?"),
        ("CVE-2021-4428=true", "did you mean `CVE-2021-44228`?"),
        ("colour=blue", "it has fields, sample, timestamps"),
        ("RayID,ClientIP", "write `fields=` before it"),
        ("sample", "this has no `=`"),
        ("fields%3DRayID%26sample%3D0.1", "percent-encoded as a whole"),
        ("fields=Ray%FFID", "no UTF-8"),
        ("sample=", "has no value"),
        ("timestamps=", "has no value"),
        ("fields=Ray ID", "separated by commas"),
        ('fields="RayID"', "letters and digits"),
        ("sample=0", "above 0"),
        ("sample=-0.1", "above 0"),
        ("sample=1.5", "above 1"),
        ("sample=10", "write 0.1 for 10 %"),
        ("sample=10%25", "not a number"),
        ("sample=0,1", "write 0.1"),
        ("sample=nan", "not a number"),
        ("sample=inf", "not a number"),
        ("sample=1_0", "not a number"),
        ("sample=" + "9" * 400, "not a number"),
        ("sample=half", '"half", not a number'),
        ("timestamps=iso", "one of unixnano, unix, rfc3339"),
        ("timestamps=RFC3339", "write rfc3339"),
        ("CVE-2021-44228=1", "write true or false"),
        ("fields=" + "A" * 4096, "4,103 characters"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(text: str, message: str) -> None:
    with pytest.raises(OptionsInvalid) as raised:
        parse_logpull_options(text)
    assert str(raised.value).startswith("logpull_options: ")
    assert message in str(raised.value)


def test_the_caret_stands_under_the_mistake() -> None:
    with pytest.raises(OptionsInvalid) as raised:
        parse_logpull_options("timestamps=rfc3339,sample=1.0")
    _, text, caret = str(raised.value).split("\n")
    assert text == "  timestamps=rfc3339,sample=1.0"
    assert text[len(caret) - 1] == ","


def test_the_caret_finds_its_place_in_a_long_text() -> None:
    fields = ",".join(f"Field{number}" for number in range(200))
    with pytest.raises(OptionsInvalid) as raised:
        parse_logpull_options(
            f"fields={fields}&sampel=0.1&timestamps=unix&CVE-2021-44228=true&count=1"
        )
    _, text, caret = str(raised.value).split("\n")
    assert len(text) < 110
    assert text[len(caret) - 1 :].startswith("sampel=")


def test_output_options_are_read() -> None:
    options = parse_output_options(
        {
            "field_names": ["RayID", "ClientIP"],
            "sample_rate": 0.1,
            "timestamp_format": "RFC3339ms",
            "CVE-2021-44228": True,
            "merge_subrequests": True,
        }
    )
    assert options == Options(
        fields=explicit(("RayID", "ClientIP")),
        sample=explicit(0.1),
        timestamps=explicit(TimestampFormat.RFC3339MS),
        cve_2021_44228=explicit(True),
        merge_subrequests=True,
    )


def test_nulls_and_empty_lists_are_defaults() -> None:
    names = ["sample_rate", "timestamp_format", "CVE-2021-44228", "record_template", "output_type"]
    assert parse_output_options(dict.fromkeys(names) | {"field_names": []}) == Options()


def test_the_old_misspelling_is_read_with_a_note() -> None:
    options = parse_output_options({"CVE-2021-4428": True})
    assert options.cve_2021_44228 == explicit(True)
    assert "misspelling" in options.notes[0]


@pytest.mark.parametrize(
    ("given", "note"),
    [
        ({"sample": 0.1}, "belongs to logpull_options and does nothing here: `sample_rate`"),
        ({"field_name": ["RayID"]}, "did you mean `field_names`?"),
        ({"colour": 1}, 'unknown key "colour" is ignored'),
        ({"field_names": ["RayID", "RayID"]}, "repeats RayID"),
    ],
)
def test_an_unknown_key_passes_with_a_note(given: dict[str, object], note: str) -> None:
    (found,) = parse_output_options(given).notes
    assert note in found


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"field_names": "RayID"}, "`field_names` is not a list of strings"),
        ({"field_names": [1]}, "`field_names` is not a list of strings"),
        ({"field_names": ["RayID,ClientIP"]}, "several names in one"),
        ({"sample_rate": 0}, "above 0"),
        ({"sample_rate": "0.1"}, "`sample_rate` is not a number"),
        ({"sample_rate": True}, "`sample_rate` is not a number"),
        ({"sample_rate": float("nan")}, "`sample_rate` is not a number"),
        ({"sample_rate": 10**400}, "`sample_rate` is not a number"),
        ({"timestamp_format": "iso"}, "one of unixnano"),
        ({"timestamp_format": 1}, "`timestamp_format` is not a string"),
        ({"CVE-2021-44228": "true"}, "`CVE-2021-44228` is not true or false"),
        ({"output_type": "xml"}, "ndjson or csv"),
        ({"record_prefix": 1}, "`record_prefix` is not a string"),
    ],
)
def test_a_wrong_value_is_named(given: dict[str, object], message: str) -> None:
    with pytest.raises(OptionsInvalid) as raised:
        parse_output_options(given)
    assert str(raised.value).startswith("output_options: ")
    assert message in str(raised.value)


@pytest.mark.parametrize(
    "given",
    [
        {"record_prefix": "{", "record_suffix": "}\n", "record_delimiter": ""},
        {"record_suffix": "}", "record_delimiter": "\n"},
        {"output_type": "NDJSON", "field_delimiter": ",", "stringify_object": False},
        {"batch_prefix": "", "batch_suffix": "", "record_template": ""},
    ],
)
def test_defaults_written_out_are_plain_ndjson(given: dict[str, object]) -> None:
    options = parse_output_options(given)
    assert not options.shape.unplain
    assert options.notes == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("output_type", "csv"),
        ("batch_prefix", "["),
        ("batch_suffix", "]"),
        ("record_prefix", '{"info":{'),
        ("record_suffix", "}}\n"),
        ("record_delimiter", ","),
        ("field_delimiter", ";"),
        ("record_template", '"ip":{{.ClientIP}}'),
        ("stringify_object", True),
    ],
)
def test_an_option_that_reshapes_the_batch_is_named(name: str, value: object) -> None:
    options = parse_output_options({name: value})
    assert options.shape.unplain
    assert options.shape.unplain == (name,)
    assert f"`{name}`: the batch is not plain NDJSON" in options.notes[0]


def test_options_can_be_written_out_and_sent_to_a_worker() -> None:
    options = parse_logpull_options("fields=RayID&sample=0.5")
    assert msgspec.json.decode(msgspec.json.encode(options), type=Options) == options
