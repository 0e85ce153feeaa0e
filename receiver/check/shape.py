"""The shape of a record: its keys and what each holds. Lines of one shape depart in one way.

An engine is built for a shape and accepts its lines by the block: the shape that the job promises,
and any other that turns up often enough, so that uniformly wrong batches cost what good ones do.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Final

import msgspec

from receiver.check.codes import Code
from receiver.check.explain import BEYOND_INT64, ELEMENTS, Departure, type_departure
from receiver.check.timestamps import TimeRule, Wrong
from receiver.job.expectation import Expectation, FieldType
from receiver.limits import SHAPE_KEYS_MAX

_ODD: Final = re.compile(r'["\\\x00-\x1f]')


class Holds(Enum):
    """How freely a key's value is accepted."""

    PROMISED = "what the expectation promises"
    TYPE = "any value of one JSON type"
    ELEMENTS = "any array of at least one element, all of one JSON type"
    TIME = "a timestamp that is judged in one way"
    ANYTHING = "any value"


class Slot(msgspec.Struct, frozen=True):
    """One key of a shape. `python_type` is that of the value, or of the array's elements."""

    name: str
    holds: Holds
    field_type: FieldType | None = None
    python_type: type | None = None
    wrong: Wrong | None = None


class Shape(msgspec.Struct, frozen=True):
    """All keys of a record, in name order, and the departures that each such record has."""

    slots: tuple[Slot, ...]
    departures: tuple[Departure, ...] = ()


def promised_shape(expectation: Expectation) -> Shape | None:
    """The shape of a record without departures; None if nobody knows the fields."""
    if expectation.fields is None or _odd(expectation.fields):
        return None
    return Shape(
        tuple(
            Slot(
                name,
                Holds.ANYTHING if field_type is FieldType.UNKNOWN else Holds.PROMISED,
                field_type,
            )
            for name, field_type in sorted(expectation.fields.items())
        )
    )


def shape_of(
    record: Mapping[str, Any],
    departures: Sequence[Departure],
    *,
    expectation: Expectation,
    rules: Mapping[str, TimeRule],
) -> Shape | None:
    """Return the shape that a record has with its departures.

    None where the departures do not follow from the shape alone: then the next record with the
    same keys may depart otherwise.
    """
    if len(record) > SHAPE_KEYS_MAX or _odd(record):
        return None
    departures = [one for one in departures if one.code is not Code.FIELD_VALUE]  # engines count
    wrong = {departure.field: departure for departure in departures}
    if any(departure.code is Code.DATASET_OTHER for departure in departures):
        slots = tuple(Slot(name, Holds.ANYTHING) for name in sorted(record))
    else:
        slots = tuple(_slots(record, wrong, expectation, rules))
    if any(slot.holds is Holds.TYPE and slot.python_type is None for slot in slots):
        return None
    return Shape(slots, tuple(msgspec.structs.replace(each, shown="") for each in departures))


def _odd(names: Iterable[str]) -> bool:
    """Whether a key is one that no struct's field can have in msgspec."""
    return any(_ODD.search(name) for name in names)


def _slots(
    record: Mapping[str, Any],
    wrong: Mapping[str, Departure],
    expectation: Expectation,
    rules: Mapping[str, TimeRule],
) -> Iterator[Slot]:
    fields = expectation.types if expectation.fields is None else expectation.fields
    for name in sorted(record):
        value = record[name]
        field_type = fields.get(name)
        if field_type is None and name in expectation.fields_optional:
            field_type = expectation.types.get(name)
        departure = wrong.get(name)
        if field_type is None or field_type is FieldType.UNKNOWN:
            yield Slot(name, Holds.ANYTHING, field_type)
        elif name in rules and type_departure_or_none(name, field_type, value) is None:
            if value is None or departure is not None:
                yield Slot(name, Holds.TIME, field_type, type(value), rules[name].look(value))
            else:
                yield Slot(name, Holds.PROMISED, field_type)
        elif departure is None:
            yield Slot(name, Holds.PROMISED, field_type)
        else:
            yield _wrong_slot(name, field_type, value, departure)


def type_departure_or_none(name: str, field_type: FieldType, value: object) -> Departure | None:
    """The type departure of a value; none of a timestamp, whose type is a matter of its format."""
    if field_type is FieldType.TIMESTAMP:
        return None
    return type_departure(name, field_type, value)


def _wrong_slot(name: str, field_type: FieldType, value: object, departure: Departure) -> Slot:
    if departure.got == BEYOND_INT64:  # a matter of the value, not of its type
        return Slot(name, Holds.TYPE)
    if isinstance(value, list) and field_type in ELEMENTS:
        types = {type(element) for element in value}
        if len(types) == 1 and float not in types:  # among floats an integer would go unseen
            return Slot(name, Holds.ELEMENTS, field_type, types.pop())
        return Slot(name, Holds.TYPE)
    return Slot(name, Holds.TYPE, field_type, type(value))
