"""The slow path: one record against the Expectation, every departure named.

This is what the checks mean. An engine may only ever be stricter, never laxer: what it does not
accept comes here, and may be acquitted.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from receiver.check import bulk
from receiver.check.codes import Code
from receiver.check.json_text import Unreadable, decode, quotes_of, repeated_keys
from receiver.check.lookalike import LookAlike
from receiver.check.timestamps import TimeRule
from receiver.job.expectation import Expectation, FieldType
from receiver.limits import GOT_CHARS_MAX

INT_MIN, INT_MAX = -(2**63), 2**63 - 1

JSON_NAMES: Final[dict[type, str]] = {
    str: "string",
    int: "int",
    float: "float",
    bool: "bool",
    dict: "object",
    list: "array",
    type(None): "null",
}

_TYPES: Final[dict[FieldType, tuple[type, ...]]] = {
    FieldType.STRING: (str,),
    FieldType.INT: (int,),
    FieldType.FLOAT: (float, int),
    FieldType.BOOL: (bool,),
    FieldType.OBJECT: (dict,),
    FieldType.ARRAY_STRING: (list,),
    FieldType.ARRAY_INT: (list,),
    FieldType.ARRAY_OBJECT: (list,),
}
ELEMENTS: Final[dict[FieldType, type]] = {
    FieldType.ARRAY_STRING: str,
    FieldType.ARRAY_INT: int,
    FieldType.ARRAY_OBJECT: dict,
}
_UNSET: Final = frozenset({FieldType.OBJECT, *ELEMENTS})  # null here is only unusual
CUT: Final = "..."  # ends a value that was cut: no JSON text ends so
_BLANK: Final = b" \t\r\n"  # JSON's white space; a form feed, say, is none
BEYOND_INT64: Final = "an integer beyond 64 bits"


class Departure(msgspec.Struct, frozen=True):
    """One line's break of a rule. Departures with the same four first fields are one finding."""

    code: Code
    field: str = ""
    expected: str = ""
    got: str = ""
    shown: str = msgspec.field(default="")  # the value as text, for the example

    @property
    def kind(self) -> tuple[Code, str, str, str]:
        return (self.code, self.field, self.expected, self.got)


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What the slow path found in one line.

    `record` is None if the line holds none; `shapely` says that the departures are the record's,
    so that another of the same shape has the same.
    """

    record: dict[str, Any] | None = None
    departures: tuple[Departure, ...] = ()
    shapely: bool = True


BLANK_LINE: Final = Judgement(
    departures=(Departure(Code.LINE_BLANK, "", "a record", "a blank line"),)
)


def show(value: object) -> str:
    """Write a value as JSON, cut to what a report can hold."""
    try:
        text = msgspec.json.encode(value).decode()
    except (OverflowError, ValueError, RecursionError):
        text = str(value)
    return text if len(text) <= GOT_CHARS_MAX else text[: GOT_CHARS_MAX - len(CUT)] + CUT


class Explainer:
    """Judges records of one batch. `vocabulary` grows while the batch is read: see `Vocabulary`."""

    def __init__(
        self,
        expectation: Expectation,
        rules: Mapping[str, TimeRule],
        look_alike: LookAlike,
    ) -> None:
        self._expected = expectation
        self._rules = rules
        self._look_alike = look_alike
        self._vocabulary: dict[str, frozenset[str | int]] = {
            name: frozenset([*values, "", 0]) for name, values in expectation.vocabulary.items()
        }

    def read(self, line: bytes) -> Judgement:
        """Read one line and judge it: blank, not UTF-8, not JSON, no object, or a record."""
        try:
            record = decode(line)
        except UnicodeDecodeError as error:
            return Judgement(departures=(not_utf8(error),))
        except Unreadable as error:
            if not line.strip(_BLANK):
                return BLANK_LINE
            return Judgement(departures=(not_json(line, error),))
        if not isinstance(record, dict):
            return Judgement(departures=(not_object(record),))
        departures = tuple(self.explain(record))
        if bulk.unescaped_quotes(line) == quotes_of(record):
            return Judgement(record=record, departures=departures)
        repeated = tuple(
            Departure(
                Code.LINE_KEY_REPEATED, name[:GOT_CHARS_MAX], "each key once", "twice or more"
            )
            for name in repeated_keys(line)
        )
        return Judgement(record=record, departures=repeated + departures, shapely=not repeated)

    def explain(self, record: dict[str, Any]) -> Iterator[Departure]:
        """Yield what is wrong with a record, in the order of the field names."""
        other = self._look_alike.other(record.keys())
        if other:
            yield Departure(Code.DATASET_OTHER, "", self._expected.dataset, f"fields of {other}")
            return
        fields = self._expected.fields
        if fields is not None:
            yield from self._presence(record, fields)
        for name in sorted(record):
            field_type = (self._expected.types if fields is None else fields).get(name)
            if field_type is None and name in self._expected.fields_optional:
                field_type = self._expected.types.get(name)
            if field_type is not None:
                yield from self._value(name, field_type, record[name])

    def _presence(
        self, record: dict[str, Any], fields: Mapping[str, FieldType]
    ) -> Iterator[Departure]:
        for name in sorted(fields.keys() - record.keys()):
            yield Departure(Code.FIELD_MISSING, name, "the key", "no such key")
        for name in sorted(record.keys() - fields.keys() - self._expected.fields_optional):
            yield Departure(
                Code.FIELD_UNEXPECTED,
                name[:GOT_CHARS_MAX],
                "no such key",
                "the key",
                show(record[name]),
            )

    def _value(self, name: str, field_type: FieldType, value: object) -> Iterator[Departure]:
        if field_type is FieldType.TIMESTAMP:
            yield from self._time(name, value)
        elif field_type is not FieldType.UNKNOWN:
            wrong = type_departure(name, field_type, value)
            if wrong is not None:
                yield wrong
            elif name in self._rules:  # the event time of a data set without timestamp fields
                yield from self._time(name, value)
            else:
                yield from self._words(name, value)

    def _time(self, name: str, value: object) -> Iterator[Departure]:
        rule = self._rules[name]
        wrong = rule.look(value)
        if wrong is not None:
            yield Departure(wrong.code, name, rule.expected(wrong), wrong.got, show(value))

    def _words(self, name: str, value: object) -> Iterator[Departure]:
        words = self._vocabulary.get(name + "[]" if isinstance(value, list) else name)
        if words is not None and type(value) is not bool:
            for word in unknown_words(words, value):
                yield Departure(
                    Code.FIELD_VALUE, name, "a documented value", show(word), show(word)
                )


def not_utf8(error: UnicodeDecodeError) -> Departure:
    shown = f"byte {error.start + 1}: {error.reason}"
    return Departure(Code.LINE_NOT_UTF8, "", "UTF-8", "other bytes", shown)


def not_json(line: bytes, error: Unreadable) -> Departure:
    shown = f"{line[:40].decode(errors='replace')}{'...' if len(line) > 40 else ''} ({error})"
    return Departure(Code.LINE_NOT_JSON, "", "a JSON object", "no JSON", shown)


def not_object(value: object) -> Departure:
    return Departure(
        Code.LINE_NOT_OBJECT, "", "a JSON object", JSON_NAMES[type(value)], show(value)
    )


def unknown_words(words: frozenset[str | int], value: object) -> list[str | int]:
    """Return the values outside a vocabulary: of a field, or of the elements of an array."""
    values: list[Any] = value if isinstance(value, list) else [value]
    return list(dict.fromkeys(word for word in values if word not in words))


def type_departure(name: str, field_type: FieldType, value: Any) -> Departure | None:
    """Judge the JSON type of a value that is no timestamp; an integer is a valid float."""
    if value is None and field_type in _UNSET:
        return Departure(Code.FIELD_NULL, name, field_type, "null", "null")
    got = JSON_NAMES[type(value)]
    if type(value) not in _TYPES[field_type]:
        return Departure(Code.FIELD_TYPE, name, field_type, got, show(value))
    if field_type is FieldType.INT and not INT_MIN <= value <= INT_MAX:
        return Departure(Code.FIELD_TYPE, name, field_type, BEYOND_INT64, show(value))
    element = ELEMENTS.get(field_type)
    if element is not None:
        return _element_departure(name, field_type, element, value)
    return None


def _element_departure(
    name: str, field_type: FieldType, element: type[Any], values: list[Any]
) -> Departure | None:
    for value in values:
        if type(value) is not element:
            got = f"an element of type {JSON_NAMES[type(value)]}"
            return Departure(Code.FIELD_TYPE, name, field_type, got, show(values))
        if element is int and not INT_MIN <= value <= INT_MAX:
            return Departure(Code.FIELD_TYPE, name, field_type, BEYOND_INT64, show(values))
    return None
