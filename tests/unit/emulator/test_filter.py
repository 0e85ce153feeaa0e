import json
from typing import Any

import pytest

from receiver.emulator.filter import parse_filter
from receiver.errors import JobInvalid
from receiver.job.catalogue import dataset

HTTP = dataset("http_requests")
RECORD: dict[str, Any] = {
    "ClientRequestHost": "www.example.com",
    "ClientRequestPath": "/static/app.js",
    "EdgeResponseStatus": 200,
    "BotScore": 30,
    "WorkerSubrequest": True,
    "SecuritySources": ["waf", "l7ddos"],
    "ContentScanObjSizes": [12, 500],
}


def where(key: str, operator: str, value: Any) -> dict[str, Any]:
    return {"key": key, "operator": operator, "value": value}


def keeps(node: Any) -> bool:
    return parse_filter(json.dumps({"where": node}), HTTP).keeps(RECORD)


def refusal(node: Any, name: str = "http_requests") -> str:
    with pytest.raises(JobInvalid) as caught:
        parse_filter(json.dumps({"where": node}), dataset(name))
    return str(caught.value)


@pytest.mark.parametrize(
    ("key", "operator", "value"),
    [
        ("ClientRequestHost", "eq", "www.example.com"),
        ("EdgeResponseStatus", "eq", 200),
        ("EdgeResponseStatus", "eq", "200"),
        ("WorkerSubrequest", "eq", True),
        ("WorkerSubrequest", "eq", "true"),
        ("ClientRequestPath", "startsWith", "/static"),
        ("ClientRequestPath", "endsWith", ".js"),
        ("ClientRequestPath", "contains", "tic/app"),
        ("SecuritySources", "contains", "l7ddos"),
        ("ContentScanObjSizes", "contains", "500"),
        ("EdgeResponseStatus", "in", [200, "201"]),
        ("ClientRequestHost", "in", ["www.example.com"]),
    ],
)
def test_a_comparison_holds_and_its_negation_does_not(key: str, operator: str, value: Any) -> None:
    assert keeps(where(key, operator, value))
    assert not keeps(where(key, f"!{operator}", value))


@pytest.mark.parametrize(
    ("operator", "holds"),
    [
        ("lt", [False, False, True]),
        ("leq", [False, True, True]),
        ("gt", [True, False, False]),
        ("geq", [True, True, False]),
    ],
)
def test_numbers_are_compared_with_the_bound_itself(operator: str, holds: list[bool]) -> None:
    assert [keeps(where("BotScore", operator, bound)) for bound in ("29", "30", "31")] == holds


def test_an_array_contains_whole_elements_and_a_string_its_parts() -> None:
    assert not keeps(where("SecuritySources", "contains", "l7"))
    assert not keeps(where("ContentScanObjSizes", "contains", "50"))
    assert not keeps(where("ClientRequestHost", "contains", "WWW"))


def test_and_or_nest_as_documented() -> None:
    yes, no = where("BotScore", "eq", 30), where("BotScore", "eq", 31)
    assert keeps({"and": [yes, {"or": [no, yes]}]})
    assert not keeps({"and": [yes, {"or": [no, no]}]})
    assert keeps({"or": [{"and": [yes, no]}, yes]})
    assert not keeps({"or": [{"and": [yes, no]}, no]})


def test_it_names_the_fields_that_it_looks_at_each_once() -> None:
    node = {
        "or": [where("BotScore", "eq", 1), where("RayID", "eq", "a"), where("BotScore", "lt", 9)]
    }
    assert parse_filter(json.dumps({"where": node}), HTTP).fields == ("BotScore", "RayID")


def test_no_filter_lets_all_pass() -> None:
    assert parse_filter("", HTTP).keeps({})
    assert parse_filter("", HTTP).fields == ()


def test_a_value_of_another_type_than_documented_compares_to_nothing() -> None:
    above = parse_filter(json.dumps({"where": where("BotScore", "gt", 1)}), HTTP)
    other = parse_filter(json.dumps({"where": where("BotScore", "!eq", 1)}), HTTP)
    assert not above.keeps({"BotScore": "30"})
    assert other.keeps({"BotScore": "1"})


@pytest.mark.parametrize(
    ("node", "told"),
    [
        (where("ClientIP", "lt", "a"), "`lt` is not for ClientIP, which is a string"),
        (where("BotScore", "contains", "3"), "`contains` is not for BotScore, which is an int"),
        (where("WorkerSubrequest", "in", [True]), "`in` is not for WorkerSubrequest"),
        (where("SecuritySources", "eq", "waf"), "an array of strings"),
        (where("BotScore", "!lt", 3), 'unknown operator "!lt"'),
        (where("BotScore", "equals", 3), "there are eq, lt"),
        (where("BotScores", "eq", 3), '"BotScores" is no field of http_requests'),
        (where("Cookies", "contains", "a"), "filters are not on objects"),
        (where("Subrequests", "contains", "a"), "filters are not on objects"),
        (where("EdgeStartTimestamp", "gt", 3), "this emulator has none"),
        (where("EdgeResponseCompressionRatio", "gt", 3), "this emulator has none"),
        (where("BotScore", "eq", 3.5), "`eq` on BotScore needs an integer"),
        (where("BotScore", "eq", "3x"), "needs an integer"),
        (where("BotScore", "eq", True), "needs an integer"),
        (where("BotScore", "eq", 2**63), "needs an integer"),
        (where("BotScore", "in", 3), "needs a list of values"),
        (where("BotScore", "in", []), "needs a list of values"),
        (where("ClientIP", "eq", 3), "needs a string"),
        (where("WorkerSubrequest", "eq", 1), "needs true or false"),
        ({"and": []}, "a list of at least one comparison"),
        ({"and": where("BotScore", "eq", 3)}, "a list of at least one comparison"),
        ({"key": "BotScore"}, "a comparison is"),
        ({"and": [where("BotScore", "eq", 3)], "or": []}, "a comparison is"),
        (where("BotScore", "eq", 3) | {"not": 1}, "a comparison is"),
        ([], "a comparison is"),
        (None, "a comparison is"),
        ({"key": 3, "operator": "eq", "value": 3}, "are strings"),
    ],
)  # fmt: skip
def test_a_filter_that_no_job_can_have_is_refused_by_name(node: Any, told: str) -> None:
    assert told in refusal(node)
    assert refusal(node).startswith("filter: ")


def test_thirty_operators_are_the_most() -> None:
    node = where("BotScore", "eq", 3)
    for _ in range(29):
        node = {"or": [node]}
    assert parse_filter(json.dumps({"where": node}), HTTP)
    assert "31 operators" in refusal({"and": [node]})


@pytest.mark.parametrize("field", ["Action", "Source", "Metadata", "RuleID"])
def test_some_firewall_fields_cannot_be_named(field: str) -> None:
    assert "no filter can name" in refusal(where(field, "eq", "x"), "firewall_events")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"where":{},"x":1}', "[" * 990, '"\ud800"'])
def test_what_is_no_filter_at_all_is_refused(text: str) -> None:
    with pytest.raises(JobInvalid, match="filter: "):
        parse_filter(text, HTTP)


def test_a_thousand_bytes_are_the_most() -> None:
    node = where("ClientRequestPath", "contains", "")
    room = 1000 - len(json.dumps({"where": node}))
    fits, over = (json.dumps({"where": node | {"value": "a" * size}}) for size in (room, room + 1))
    assert parse_filter(fits, HTTP)
    with pytest.raises(JobInvalid, match="more than 1,000 bytes"):
        parse_filter(over, HTTP)
