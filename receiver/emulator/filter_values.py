"""The comparisons of a filter: which operator is for which type, and what it says of a value."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

import msgspec

from receiver.errors import JobInvalid
from receiver.job.expectation import FieldType

Test = Callable[[Any], bool]


class Kind(StrEnum):
    """A field's type as the table of operators tells them apart."""

    STRING = "string"
    INT = "int"
    BOOL = "bool"
    ARRAY_STRING = "array[string]"
    ARRAY_INT = "array[int]"
    OBJECT = "object"
    UNDOCUMENTED = "undocumented"  # the table has no column for it

    @classmethod
    def of(cls, field_type: FieldType) -> "Kind":
        """Return the column of the table that a type falls in."""
        if field_type in {FieldType.OBJECT, FieldType.ARRAY_OBJECT}:
            return cls.OBJECT
        known = {each.value for each in (*_SCALARS, *_ARRAYS)}
        return cls(field_type.value) if field_type.value in known else cls.UNDOCUMENTED


_SCALARS: Final = (Kind.STRING, Kind.INT, Kind.BOOL)
_ARRAYS: Final = (Kind.ARRAY_STRING, Kind.ARRAY_INT)
_INT64: Final = range(-(2**63), 2**63)

KINDS: Final = {
    Kind.STRING: "a string",
    Kind.INT: "an int",
    Kind.BOOL: "a bool",
    Kind.ARRAY_STRING: "an array of strings",
    Kind.ARRAY_INT: "an array of ints",
}

TYPES: Final[dict[Kind, type]] = {
    Kind.STRING: str,
    Kind.INT: int,
    Kind.BOOL: bool,
    Kind.ARRAY_STRING: list,
    Kind.ARRAY_INT: list,
}


class Operator(msgspec.Struct, frozen=True):
    """What an operator compares, and how: `make` takes the filter's value and gives the test."""

    kinds: tuple[Kind, ...]
    make: Callable[[Any], Test]


TESTS: Final[dict[str, Operator]] = {
    "eq": Operator(_SCALARS, lambda wanted: lambda value: bool(value == wanted)),
    "lt": Operator((Kind.INT,), lambda wanted: lambda value: bool(value < wanted)),
    "leq": Operator((Kind.INT,), lambda wanted: lambda value: bool(value <= wanted)),
    "gt": Operator((Kind.INT,), lambda wanted: lambda value: bool(value > wanted)),
    "geq": Operator((Kind.INT,), lambda wanted: lambda value: bool(value >= wanted)),
    "startsWith": Operator(
        (Kind.STRING,), lambda wanted: lambda value: bool(value.startswith(wanted))
    ),
    "endsWith": Operator((Kind.STRING,), lambda wanted: lambda value: bool(value.endswith(wanted))),
    # Of a string a part of it, of an array one of its elements as a whole.
    "contains": Operator((Kind.STRING, *_ARRAYS), lambda wanted: lambda value: wanted in value),
    "in": Operator((Kind.STRING, Kind.INT), lambda wanted: lambda value: value in wanted),
}
NEGATED: Final = ("eq", "startsWith", "endsWith", "contains", "in")
"""Those that there are with a `!` too."""


def wanted(field: str, operator: str, kind: Kind, value: object) -> Any:
    """Return the value of a comparison in the type of its field; numbers may come as strings.

    Raises:
        JobInvalid: names the field, the operator and what to write.
    """
    where = f"`{operator}` on {field}"
    if operator.removeprefix("!") != "in":
        return _scalar(where, kind, value)
    if not isinstance(value, list) or not value:
        raise JobInvalid(f"{where} needs a list of values")
    return frozenset(_scalar(where, kind, each) for each in value)


def _scalar(where: str, kind: Kind, value: object) -> str | int | bool:
    if kind in {Kind.STRING, Kind.ARRAY_STRING}:
        if not isinstance(value, str):
            raise JobInvalid(f"{where} needs a string")
        return value
    if kind is Kind.BOOL:
        if value in ("true", "false"):
            return value == "true"
        if not isinstance(value, bool):
            raise JobInvalid(f"{where} needs true or false")
        return value
    return _integer(where, value)


def _integer(where: str, value: object) -> int:
    digits = value.removeprefix("-") if isinstance(value, str) else ""
    if isinstance(value, str) and digits.isascii() and digits.isdigit() and len(digits) < 20:
        value = int(value)
    if type(value) is not int or value not in _INT64:
        raise JobInvalid(f"{where} needs an integer")
    return value
