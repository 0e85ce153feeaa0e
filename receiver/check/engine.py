"""The fast path: whole blocks of lines of one shape, accepted or sent to be looked at.

msgspec decodes a line into a struct of exactly the shape's keys and types. What it does not settle
is settled for the block: repeated keys by counting quotes, timestamps and watched words by column.
An engine never says more than "accepted"; whatever it rejects, the slow path judges.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from itertools import chain
from operator import attrgetter
from typing import Annotated, Any, Final, Literal, TypeAlias, get_args, get_origin

import msgspec

from receiver.check import bulk
from receiver.check.explain import ELEMENTS, INT_MAX, INT_MIN
from receiver.check.json_text import quotes_of
from receiver.check.shape import Holds, Shape, Slot
from receiver.check.timestamps import TimeRule, Wrong
from receiver.job.expectation import FieldType, TimestampFormat

_INT64: TypeAlias = Annotated[int, msgspec.Meta(ge=INT_MIN, le=INT_MAX)]
_PROMISED: Final[dict[FieldType, Any]] = {
    FieldType.STRING: str,
    FieldType.INT: _INT64,
    FieldType.FLOAT: float,
    FieldType.BOOL: bool,
    FieldType.OBJECT: dict[str, Any],
    FieldType.ARRAY_STRING: list[str],
    FieldType.ARRAY_INT: list[_INT64],
    FieldType.ARRAY_OBJECT: list[dict[str, Any]],
}
_INTEGERS: Final = frozenset({TimestampFormat.UNIX, TimestampFormat.UNIXNANO})
_OBSERVED: Final[dict[type | None, Any]] = {
    dict: dict[str, Any],
    list: list[Any],
    float: int | float,  # as a float alone, an integer would pass: see `_floats`
}


class Flat(Enum):
    """How an object's content is decoded: flat ones need not be written to count their quotes."""

    TEXTS = "texts only"
    NUMBERS = "nothing that is quoted"
    NO = "anything"


_FLAT: Final[dict[Flat, Any]] = {
    Flat.TEXTS: dict[str, str],
    Flat.NUMBERS: dict[str, int | float | bool | None],
    Flat.NO: dict[str, Any],
}
_FIXED_QUOTES: Final[dict[type, int]] = {str: 2, int: 0, float: 0, bool: 0, type(None): 0}

_ITEM_QUOTES: Final = {_FLAT[Flat.TEXTS]: 4, _FLAT[Flat.NUMBERS]: 2}

Vocabulary = Mapping[str, Iterable[str | int]]
Column = Callable[[Any], Any]


class Engine:
    """Accepts lines of one shape. Immutable once built, so batches share it.

    `vocabulary` are the words that a field ("Field[]" for the elements of its array) may have;
    `order` is a hint: msgspec reads keys in the order of the struct's fields fastest. So is `flat`:
    a field of objects that it names is accepted only with such content.
    """

    def __init__(
        self,
        shape: Shape,
        *,
        timestamps: TimestampFormat,
        vocabulary: Vocabulary,
        order: Sequence[str],
        times: Iterable[str],
        flat: Mapping[str, Flat],
    ) -> None:
        self.shape = shape
        place = {name: index for index, name in enumerate(order)}
        slots = sorted(shape.slots, key=lambda slot: place.get(slot.name, len(place)))
        columns = {slot.name: f"f{index}" for index, slot in enumerate(slots)}
        types = {slot.name: _type(slot, timestamps, vocabulary, flat) for slot in slots}
        record = msgspec.defstruct(
            "Record",
            [(columns[slot.name], types[slot.name]) for slot in slots],
            rename={column: name for name, column in columns.items()},
            forbid_unknown_fields=True,
            gc=False,
        )
        self._decode = msgspec.json.Decoder(record).decode
        self._column = {name: attrgetter(column) for name, column in columns.items()}
        self._promised = {slot.name for slot in slots if slot.holds is Holds.PROMISED}
        quotes = {slot.name: _quotes(types[slot.name]) for slot in slots}
        self._quotes = sum(2 + fixed for fixed, _ in quotes.values() if fixed is not None)
        self._counted = [
            (self._column[name], each) for name, (fixed, each) in quotes.items() if each
        ]
        written = [columns[name] for name, (fixed, each) in quotes.items() if fixed is None]
        self._quotes += 2 * len(written)
        self._written: Column | None = attrgetter(*written) if written else None
        self._times: list[tuple[str, Column, Wrong | None]] = [
            (slot.name, self._column[slot.name], slot.wrong)
            for slot in slots
            if slot.name in times and slot.holds in {Holds.PROMISED, Holds.TIME}
        ]
        self._floats = [
            self._column[slot.name]
            for slot in slots
            if slot.python_type is float and slot.holds in {Holds.TYPE, Holds.TIME}
        ]
        self._filled = [self._column[slot.name] for slot in slots if slot.holds is Holds.ELEMENTS]

    def decode(self, lines: Sequence[bytes]) -> tuple[list[Any], list[int]]:
        """Decode what has this shape: the records, and the indices of the lines that have not."""
        records: list[Any] = []
        rejected: list[int] = []
        rest = iter(lines)
        decode = self._decode
        while True:
            try:
                records.extend(map(decode, rest))
            except (ValueError, RecursionError):
                rejected.append(len(records) + len(rejected))  # the iterator is behind it already
            else:
                return records, rejected

    def settles(
        self, records: Sequence[Any], text: bytes, end: int, rules: Mapping[str, TimeRule]
    ) -> bool:
        """Whether every record, decoded from exactly this text, departs as the shape does."""
        quotes = self._quotes * len(records)
        for column, each in self._counted:
            quotes += each * sum(map(len, filter(None, map(column, records))))
        if self._written is not None:
            quotes += quotes_of(list(map(self._written, records)))
        if bulk.unescaped_quotes(text, end) != quotes:
            return False
        if not all(all(map(column, records)) for column in self._filled):
            return False
        if not all(set(map(type, map(column, records))) <= {float} for column in self._floats):
            return False
        return all(
            rules[name].settles(list(map(column, records)), wrong)
            for name, column, wrong in self._times
        )

    def count(self, records: Sequence[Any], name: str, word: str | int) -> int:
        """Count the records that hold a word where one is promised: as a value, or in an array."""
        if name not in self._promised:
            return 0
        column = self._column[name]
        values = list(map(column, records))
        if values and isinstance(values[0], list):
            return sum(1 for value in values if word in value)
        return values.count(word)


def _type(
    slot: Slot, timestamps: TimestampFormat, vocabulary: Vocabulary, flat: Mapping[str, Flat]
) -> Any:
    """The type that msgspec is to decode a key's value into."""
    if slot.holds is Holds.ANYTHING or slot.field_type is None:
        return Any
    observed = _OBSERVED.get(slot.python_type, slot.python_type)
    if slot.holds is Holds.ELEMENTS:
        return list[observed]  # type: ignore[valid-type]  # a type made at run time
    if slot.holds is Holds.TIME and slot.python_type is int and slot.field_type is FieldType.INT:
        return _INT64  # beyond it the type is wrong, and not the time
    if slot.holds is not Holds.PROMISED:
        return observed
    if slot.field_type is FieldType.TIMESTAMP:
        return int if timestamps in _INTEGERS else str
    if slot.field_type is FieldType.OBJECT:
        return _FLAT[flat.get(slot.name, Flat.TEXTS)]
    if slot.field_type in ELEMENTS:
        words = tuple(vocabulary.get(slot.name + "[]", ()))
        if not words:
            return _PROMISED[slot.field_type]
        return list[Literal[words]]  # type: ignore[valid-type]  # a type made at run time
    words = tuple(vocabulary.get(slot.name, ()))
    return Literal[words] if words else _PROMISED[slot.field_type]


def _quotes(decoded: Any) -> tuple[int | None, int]:
    """Quotes that a value of this type is written with: always, and for each of its items.

    None where only writing the value tells.
    """
    if decoded == _INT64:
        return 0, 0
    origin, arguments = get_origin(decoded), get_args(decoded)
    if origin is Literal:
        return (2 if isinstance(arguments[0], str) else 0), 0
    if decoded in _FIXED_QUOTES:
        return _FIXED_QUOTES[decoded], 0
    if decoded in _ITEM_QUOTES:
        return 0, _ITEM_QUOTES[decoded]
    if origin is list:
        fixed, each = _quotes(arguments[0])
        return (None, 0) if fixed is None or each else (0, fixed)
    return None, 0


def words_with_absence(words: Iterable[str | int]) -> tuple[str | int, ...]:
    """A vocabulary with the value that stands for none: "" or 0, by the type of its words."""
    words = tuple(words)
    nothing: str | int = "" if isinstance(words[0], str) else 0
    return tuple(dict.fromkeys(chain(words, [nothing])))


def flatness(value: object) -> Flat:
    """How flat an object is; an empty one fits all."""
    kinds = set(map(type, value.values())) if isinstance(value, dict) else set()
    if kinds <= {str}:
        return Flat.TEXTS
    return Flat.NO if kinds & {str, dict, list} else Flat.NUMBERS
