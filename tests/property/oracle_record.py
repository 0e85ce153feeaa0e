"""The oracle's records: one line, by the standard library's json and one rule after another."""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, NoReturn

import msgspec

from receiver.job.expectation import Expectation, FieldType
from tests.property.oracle_time import Times

NAME_CHARS: Final = 80  # a report quotes so much of a key that nobody asked for
INT64: Final = range(-(2**63), 2**63)
JSON_TYPES: Final[dict[FieldType, tuple[type, ...]]] = {
    FieldType.STRING: (str,),
    FieldType.INT: (int,),
    FieldType.FLOAT: (int, float),
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


class LineFacts(msgspec.Struct, frozen=True):
    """What is to be said of one line: (code, field) once per departure, and words by field."""

    departures: tuple[tuple[str, str], ...] = ()
    words: tuple[tuple[str, str | int], ...] = ()
    record: bool = False
    event_time: int | None = None


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """Reads lines of one batch against one Expectation; `catalogue` are all data sets' fields."""

    expected: Expectation
    times: Times
    catalogue: Mapping[str, Collection[str]]

    def line(self, line: bytes) -> LineFacts:
        """Judge one line, given without its newline."""
        found = self._line(line)
        if self.expected.cve_2021_44228 and b"${" in line:
            departures = (*found.departures, ("record-unrewritten", ""))
            return msgspec.structs.replace(found, departures=departures)
        return found

    def _line(self, line: bytes) -> LineFacts:
        if not line.strip(b" \t\r"):
            return LineFacts((("line-blank", ""),))
        repeated: set[str] = set()
        texts: list[str] = []

        def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
            keys = [key for key, _ in pairs]
            repeated.update(key for key in keys if keys.count(key) > 1)
            texts.extend(keys)
            for _, value in pairs:
                texts.extend(_texts(value))
            return dict(pairs)

        try:
            text = line.decode("utf-8")
            value = json.loads(
                text, object_pairs_hook=note, parse_constant=_refuse, parse_int=_integer
            )
        except UnicodeDecodeError:
            return LineFacts((("line-not-utf8", ""),))
        except (ValueError, RecursionError):
            return LineFacts((("line-not-json", ""),))
        if any("\ud800" <= each <= "\udfff" for text in (*texts, *_texts(value)) for each in text):
            return LineFacts((("line-not-utf8", ""),))
        if not isinstance(value, dict):
            return LineFacts((("line-not-object", ""),))
        departures = [("line-key-repeated", key[:NAME_CHARS]) for key in repeated]
        if self._of_another_dataset(set(value)):
            departures.append(("dataset-other", ""))
            return LineFacts(tuple(departures), record=True)
        words: list[tuple[str, str | int]] = []
        for name in value:
            field_type = self._type(name)
            if field_type is not None:
                departures.extend(self._value(name, field_type, value[name], words))
        departures.extend(self._presence(value))
        return LineFacts(tuple(departures), tuple(words), True, self._event_time(value))

    def _presence(self, record: dict[str, Any]) -> Iterator[tuple[str, str]]:
        if self.expected.fields is None:
            return
        for name in self.expected.fields:
            if name not in record:
                yield "field-missing", name
        for name in record:
            if name not in self.expected.fields and name not in self.expected.fields_optional:
                yield "field-unexpected", name[:NAME_CHARS]

    def _type(self, name: str) -> FieldType | None:
        if self.expected.fields is None:
            return self.expected.types.get(name)
        if name in self.expected.fields:
            return self.expected.fields[name]
        return self.expected.types.get(name) if name in self.expected.fields_optional else None

    def _value(
        self, name: str, field_type: FieldType, value: Any, words: list[tuple[str, str | int]]
    ) -> Iterator[tuple[str, str]]:
        event = name == self._event_field()
        if field_type is FieldType.UNKNOWN:
            return
        if field_type is FieldType.TIMESTAMP:
            code, _ = self.times.judge(value, event=event)
        elif value is None:
            unset = field_type is FieldType.OBJECT or field_type in ELEMENTS
            code = "field-null" if unset else "field-type"
        elif not _has_type(value, field_type):
            code = "field-type"
        elif event and name in self.expected.epoch_ms_fields:
            code, _ = self.times.judge(value, event=True, milliseconds=True)
        else:
            code = ""
            yield from self._words(name, value, words)
        if code:
            yield code, name

    def _words(
        self, name: str, value: Any, words: list[tuple[str, str | int]]
    ) -> Iterator[tuple[str, str]]:
        array = isinstance(value, list)
        known = self.expected.vocabulary.get(f"{name}[]" if array else name)
        if not known:
            return
        unknown = []
        for word in value if array else [value]:
            if word not in known and word not in {"", 0} and word not in unknown:
                unknown.append(word)
        for word in unknown:
            words.append((name, word))
            yield "field-value", name

    def _event_field(self) -> str | None:
        known = self.expected.types if self.expected.fields is None else self.expected.fields
        return next((name for name in self.expected.event_time_fields if name in known), None)

    def _event_time(self, record: dict[str, Any]) -> int | None:
        name = self._event_field()
        if name is None or name not in record:
            return None
        value, field_type = record[name], self._type(name)
        if field_type is FieldType.TIMESTAMP:
            return self.times.judge(value, event=True)[1]
        if name in self.expected.epoch_ms_fields and _has_type(value, FieldType.INT):
            return self.times.judge(value, event=True, milliseconds=True)[1]
        return None

    def _of_another_dataset(self, keys: set[str]) -> bool:
        asked = self.expected.fields
        own = set(self.expected.types) | set(asked or ())
        if len(keys) < 2 or keys <= own or not self.expected.types:
            return False
        if asked is not None and len(keys & set(asked)) > len(asked) / 2:
            return False
        return any(
            keys <= set(fields)
            for name, fields in self.catalogue.items()
            if name != self.expected.dataset
        )


def _has_type(value: Any, field_type: FieldType) -> bool:
    if type(value) not in JSON_TYPES[field_type]:
        return False
    if field_type is FieldType.INT:
        return value in INT64
    element = ELEMENTS.get(field_type)
    if element is None:
        return True
    return all(type(each) is element and (element is not int or each in INT64) for each in value)


def _texts(value: Any) -> Iterator[str]:
    """The strings of a value; those of objects have been noted when they were read."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _integer(digits: str) -> int:
    """Read an integer; of more digits than Python converts one that is as far out of range."""
    if len(digits) <= 4000:
        return int(digits)
    return -(10**4000) if digits.startswith("-") else 10**4000
