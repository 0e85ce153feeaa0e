import csv
import io
import json
from typing import Any

import pytest

from receiver.emulator.lines import encode_lines
from receiver.emulator.shapes import Shape, shape_of
from receiver.errors import OptionsInvalid
from receiver.job.expect import expectation
from receiver.job.job import Job

NASTY = 'a"b,c\nd\te\\f&<é>'
RECORDS: list[dict[str, Any]] = [
    {"ClientIP": "192.0.2.1", "At": 1506702504433000201, "Ok": True, "Ratio": 2.5, "Text": NASTY,
     "Tags": ["a", "b"], "Inside": {"k": 'x"y'}},
    {"ClientIP": "192.0.2.2", "At": 0, "Ok": False, "Ratio": 0, "Text": "", "Tags": [],
     "Inside": {}},
]  # fmt: skip


def shape(**options: Any) -> Shape:
    return shape_of(Job(output_options=options))


def write(**options: Any) -> str:
    return shape(**options).write([dict(record) for record in RECORDS]).decode()


def test_plain_ndjson_is_what_the_encoder_writes() -> None:
    plain = b"".join(line + b"\n" for line in encode_lines(RECORDS))
    assert write().encode() == plain
    assert shape_of(Job(logpull_options="fields=RayID")).write(RECORDS) == plain
    assert shape().plain


def test_with_a_delimiter_for_the_line_feed_it_is_plain_without_the_last_one() -> None:
    ends = {"record_suffix": "}", "record_delimiter": "\n"}
    assert shape(**ends).plain
    assert write(**ends) == write().removesuffix("\n")


@pytest.mark.parametrize(
    "options",
    [
        {"output_type": "csv"}, {"batch_prefix": "x"}, {"batch_suffix": "x"}, {"record_prefix": ""},
        {"record_suffix": "}"}, {"record_delimiter": ","}, {"field_delimiter": " ,"},
        {"record_template": "x"}, {"stringify_object": True},
        {"record_suffix": "}\n", "record_delimiter": "\n"},
    ],
)  # fmt: skip
def test_it_agrees_with_the_checker_on_what_is_not_plain(options: dict[str, Any]) -> None:
    job = Job(output_options=options)
    assert shape_of(job).plain is expectation(job).plain is False


def test_nulls_are_defaults() -> None:
    assert write(record_prefix=None, output_type=None, record_template=None) == write()


def test_csv_is_read_back_by_a_reader_of_csv() -> None:
    text = write(output_type="CSV")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == [
        "192.0.2.1", "1506702504433000201", "true", "2.5", NASTY, '["a","b"]', '{"k":"x\\"y"}',
    ]  # fmt: skip
    assert rows[1] == ["192.0.2.2", "0", "false", "0", "", "[]", "{}"]
    assert text.startswith('"192.0.2.1",1506702504433000201,true,2.5,"a""b,c')


def test_a_header_is_the_batchs_prefix_and_tabs_are_the_delimiter() -> None:
    text = write(output_type="csv", batch_prefix="A\tB\n", field_delimiter="\t")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter="\t"))
    assert rows[0] == ["A", "B"]
    assert rows[1][:2] == ["192.0.2.1", "1506702504433000201"]
    assert rows[1][4] == NASTY


def test_a_batch_can_be_one_json_object() -> None:
    text = write(
        batch_prefix='{"events":[', batch_suffix="\n]}\n", record_prefix='\n  {"info":{',
        record_suffix="}}", record_delimiter=",",
    )  # fmt: skip
    assert [each["info"] for each in json.loads(text)["events"]] == RECORDS
    assert text.startswith('{"events":[\n  {"info":{"ClientIP":"192.0.2.1","At":')
    assert text.endswith("{}}}\n]}\n")


def test_a_template_stands_inside_of_prefix_and_suffix() -> None:
    text = write(record_template='"ip":{{.ClientIP}},"t":{{.At}},"none":{{.Bots}}')
    assert [json.loads(line) for line in text.splitlines()] == [
        {"ip": "192.0.2.1", "t": 1506702504433000201, "none": None},
        {"ip": "192.0.2.2", "t": 0, "none": None},
    ]


def test_a_template_of_csv_writes_values_as_csv_does() -> None:
    assert write(output_type="csv", record_template="{{.Ok}}|{{.Text}}").startswith('true|"a""b,c')


def test_objects_can_be_strings() -> None:
    first, second = write(stringify_object=True).splitlines()
    assert json.loads(json.loads(first)["Inside"]) == {"k": 'x"y'}
    assert json.loads(first)["Tags"] == ["a", "b"]
    assert json.loads(second)["Inside"] == "{}"


@pytest.mark.parametrize("options", [{}, {"output_type": "csv"}, {"record_template": "{{.Text}}"}])
def test_the_cve_option_disarms_whatever_the_shape(options: dict[str, Any]) -> None:
    records = [{"Text": "${jndi:x}"}]
    assert b"${" in shape(**options).write(records)
    disarmed = shape(**options, **{"CVE-2021-44228": True}, batch_prefix="${")
    assert disarmed.write(records).count(b"x{") == 2
    assert b"${" not in disarmed.write(records)


def test_no_records_are_the_batchs_prefix_and_suffix() -> None:
    assert shape().write([]) == b""
    assert shape(batch_prefix="[", batch_suffix="]").write([]) == b"[]"


def test_a_broken_template_is_refused() -> None:
    with pytest.raises(OptionsInvalid, match="record_template"):
        shape(record_template="{{range}}")
