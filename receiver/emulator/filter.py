"""A job's filter: which records it lets pass.

The emulator's own reading: whoever judges a filter elsewhere shares nothing with it but the
field catalogue. Where no document says what Logpush does, this refuses, and its message says
that the rule is this emulator's.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from receiver.emulator.filter_values import KINDS, NEGATED, TESTS, TYPES, Kind, wanted
from receiver.errors import JobInvalid
from receiver.job.catalogue import Dataset
from receiver.job.values import quoted

BYTES_MAX: Final = 1000
OPERATORS_MAX: Final = 30
"""The documented limits, "approximately"; here exactly, and `and` and `or` are operators too."""

Keeps = Callable[[Mapping[str, Any]], bool]


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """A filter understood: a gate that the records pass for which it is true."""

    keeps: Keeps
    fields: tuple[str, ...]  # what it looks at; the job need not deliver them


def parse_filter(text: str, dataset: Dataset) -> Filter:
    """Read a job's `filter`: "" lets every record pass.

    Raises:
        JobInvalid: names the field and the operator, and says what a filter may hold.
    """
    try:
        return _parse(text, dataset)
    except JobInvalid as error:
        raise JobInvalid(f"filter: {error}") from None


def _parse(text: str, dataset: Dataset) -> Filter:
    if not text.strip():
        return Filter(keeps=lambda _: True, fields=())
    if len(text.encode(errors="surrogatepass")) > BYTES_MAX:
        raise JobInvalid(f"it has more than {BYTES_MAX:,} bytes, the most that a job may have")
    try:
        content = msgspec.json.decode(text.encode(errors="surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise JobInvalid(f"not JSON that can be read: {error}") from None
    if not isinstance(content, dict) or content.keys() != {"where"}:
        raise JobInvalid('it is an object with the one key `where`: {"where":{...}}')
    operators = list(_operators(content["where"]))
    if len(operators) > OPERATORS_MAX:
        raise JobInvalid(f"it has {len(operators)} operators; a job may have {OPERATORS_MAX}")
    keeps = _node(content["where"], dataset)
    return Filter(keeps=keeps, fields=tuple(dict.fromkeys(filter(None, operators))))


def _operators(node: object) -> Iterator[str]:
    """Yield the field of every comparison, and "" for every `and` and `or`; judges nothing."""
    if not isinstance(node, dict):
        return
    if "key" in node:
        yield str(node["key"])
    for word in ("and", "or"):
        parts = node.get(word)
        if isinstance(parts, list):
            yield ""
            for part in parts:
                yield from _operators(part)


def _node(node: object, dataset: Dataset) -> Keeps:
    if isinstance(node, dict) and len(node) == 1 and node.keys() <= {"and", "or"}:
        word, parts = next(iter(node.items()))
        if not isinstance(parts, list) or not parts:
            raise JobInvalid(f"`{word}` holds a list of at least one comparison")
        tests = [_node(part, dataset) for part in parts]
        if word == "and":
            return lambda record: all(test(record) for test in tests)
        return lambda record: any(test(record) for test in tests)
    if not isinstance(node, dict) or node.keys() != {"key", "operator", "value"}:
        raise JobInvalid(
            'a comparison is {"key":...,"operator":...,"value":...};'
            ' several are joined by {"and":[...]} or {"or":[...]}'
        )
    return _comparison(node["key"], node["operator"], node["value"], dataset)


def _comparison(field: object, operator: object, value: object, dataset: Dataset) -> Keeps:
    if not isinstance(field, str) or not isinstance(operator, str):
        raise JobInvalid("`key` and `operator` of a comparison are strings")
    kind = _kind(field, dataset)
    plain = operator.removeprefix("!")
    negated = plain != operator
    if plain not in TESTS or (negated and plain not in NEGATED):
        known = ", ".join([*TESTS, *(f"!{each}" for each in NEGATED)])
        raise JobInvalid(f"unknown operator {quoted(operator)}; there are {known}")
    if kind not in TESTS[plain].kinds:
        raise JobInvalid(f"`{operator}` is not for {field}, which is {KINDS[kind]}")
    test, own = TESTS[plain].make(wanted(field, operator, kind, value)), TYPES[kind]

    def holds(record: Mapping[str, Any]) -> bool:
        found = record[field]  # of the user's own records it may be of any type
        return (type(found) is own and test(found)) is not negated

    return holds


def _kind(field: str, dataset: Dataset) -> Kind:
    found = dataset.type_of(field)
    if found is None:
        raise JobInvalid(f"{quoted(field)} is no field of {dataset.name}")
    if field in dataset.unfilterable:
        raise JobInvalid(f"{field} of {dataset.name} is one of those that no filter can name")
    kind = Kind.of(found)
    if kind is Kind.OBJECT:
        raise JobInvalid(f"{field} is {found.value}: filters are not on objects")
    if kind is Kind.UNDOCUMENTED:
        raise JobInvalid(
            f"{field} is {found.value}, and no document gives an operator for that:"
            " this emulator has none"
        )
    return kind
