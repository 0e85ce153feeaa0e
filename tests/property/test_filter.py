"""The emulator's filter against a judge of a few lines, on filters and records of all kinds."""

import json
import operator
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from receiver.emulator.filter import parse_filter
from receiver.errors import JobInvalid
from receiver.job.catalogue import dataset

HTTP = dataset("http_requests")
WORDS = st.sampled_from(["", "a", "ab", "abc", "bc", "A", "é", "${"])
NUMBERS = st.integers(-3, 3)
KEYS = {  # short ones: a filter has a thousand bytes
    "JA4": WORDS,
    "RayID": WORDS,
    "BotScore": NUMBERS,
    "ClientASN": NUMBERS,
    "CacheReserveUsed": st.booleans(),
    "BotTags": st.lists(WORDS, max_size=3),
    "BotDetectionIDs": st.lists(NUMBERS, max_size=3),
}
ORDERS = {"lt": operator.lt, "leq": operator.le, "gt": operator.gt, "geq": operator.ge}

SAID_AS = st.sampled_from([str, lambda number: number])


@st.composite
def comparisons(draw: st.DrawFn) -> dict[str, Any]:
    key = draw(st.sampled_from(sorted(KEYS)))
    value: Any
    negation = draw(st.sampled_from(["", "!"]))
    if key in {"JA4", "RayID"}:
        name = draw(st.sampled_from(["eq", "startsWith", "endsWith", "contains", "in"]))
        value = draw(st.lists(WORDS, min_size=1, max_size=3)) if name == "in" else draw(WORDS)
    elif key in {"BotScore", "ClientASN"}:
        name = draw(st.sampled_from(["eq", "in", *ORDERS]))
        negation = "" if name in ORDERS else negation
        number = st.builds(lambda say, number: say(number), SAID_AS, NUMBERS)
        value = draw(st.lists(number, min_size=1, max_size=3)) if name == "in" else draw(number)
    elif key == "CacheReserveUsed":
        name, value = "eq", draw(st.sampled_from([True, False, "true", "false"]))
    else:
        name = "contains"
        value = draw(WORDS) if key == "BotTags" else draw(NUMBERS)
    return {"key": key, "operator": negation + name, "value": value}


FILTERS = st.recursive(
    comparisons(),
    lambda parts: st.builds(
        lambda word, many: {word: many},
        st.sampled_from(["and", "or"]),
        st.lists(parts, min_size=1, max_size=3),
    ),
    max_leaves=8,
)
RECORDS = st.fixed_dictionaries(KEYS)


def judge(node: dict[str, Any], record: dict[str, Any]) -> bool:
    """Judge a record, written from the documents' table and nothing else."""
    if "and" in node:
        return False not in [judge(part, record) for part in node["and"]]
    if "or" in node:
        return True in [judge(part, record) for part in node["or"]]
    name, found, value = node["operator"], record[node["key"]], node["value"]
    if name[0] == "!":
        return not judge(node | {"operator": name[1:]}, record)
    if name in ORDERS:
        return bool(ORDERS[name](found, int(value)))
    if name == "in":
        return str(found) in [str(each) for each in value]
    if name == "contains":
        return value in found
    if name == "startsWith":
        return bool(found[: len(value)] == value)
    if name == "endsWith":
        return bool(found[len(found) - len(value) :] == value) and len(value) <= len(found)
    return (
        str(found).lower() == str(value).lower()
        if isinstance(found, bool)
        else (str(found) == str(value))
    )


@given(node=FILTERS, records=st.lists(RECORDS, min_size=1, max_size=5))
def test_a_filter_keeps_what_the_judge_keeps(
    node: dict[str, Any], records: list[dict[str, Any]]
) -> None:
    text = json.dumps({"where": node}, separators=(",", ":"), ensure_ascii=False)
    if len(text.encode()) > 1000:
        return
    found = parse_filter(text, HTTP)
    assert [found.keeps(each) for each in records] == [judge(node, each) for each in records]
    assert all(name in text for name in found.fields)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | WORDS,
    lambda parts: (
        st.lists(parts, max_size=3)
        | st.dictionaries(
            st.sampled_from(["where", "and", "or", "key", "operator", "value", "x"]),
            parts,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(content=JSON)
def test_any_other_json_is_read_or_refused_by_our_error(content: Any) -> None:
    text = json.dumps({"where": content})
    with suppress(JobInvalid):
        parse_filter(text, HTTP)
