"""The values of a job's options, judged one by one; both forms of the options use them.

Every function takes the option's name as the job writes it, raises OptionsInvalid naming it,
and puts what is unusual but usable into `notes`.
"""

import math
import re
from collections.abc import Iterable
from typing import Final

from receiver.errors import OptionsInvalid
from receiver.job.expectation import TimestampFormat

SAMPLE_MIN_ONCE: Final = 0.001
"""The documented minimum until 2022; since then any share above 0 is allowed."""

QUOTED_CHARS_MAX: Final = 40

_NUMBER = re.compile(r"[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?")
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_RECENT = {TimestampFormat.RFC3339MS, TimestampFormat.RFC3339NS}


def read_fields(name: str, items: Iterable[str], notes: list[str]) -> tuple[str, ...] | None:
    """Return the fields in the order given, each once; None, the default fields, if none is left.

    Field names know upper from lower case. What Logpush makes of blank items and repeats is not
    documented: both are left out here, with a note.
    """
    fields: dict[str, None] = {}
    blank = spaced = False
    repeated: list[str] = []
    for item in items:
        field = item.strip()
        spaced |= field != item and bool(field)
        blank |= not field
        if not field:
            continue
        if not _FIELD.fullmatch(field):
            raise OptionsInvalid(f"`{name}` has {quoted(field)}: {_field_remedy(field)}")
        if field in fields:
            repeated.append(field)
        fields[field] = None
    if not fields:
        return None
    if blank:
        notes.append(f"`{name}` has a blank item: it is left out")
    if spaced:
        notes.append(f"`{name}` has spaces around a name: they are left out")
    if repeated:
        notes.append(f"`{name}` repeats {', '.join(dict.fromkeys(repeated))}: each counts once")
    return tuple(fields)


def read_sample(name: str, value: float, notes: list[str]) -> float:
    """Return the share of records kept: above 0, to 1 inclusive."""
    if not math.isfinite(value):
        raise OptionsInvalid(f"`{name}` is not a number: write a share such as 0.1")
    if value > 1:
        hint = f": write {value / 100:g} for {value:g} %" if value <= 100 else ""
        raise OptionsInvalid(f"`{name}` is {value:g}, above 1, and it is a share of 1{hint}")
    if value <= 0:
        raise OptionsInvalid(
            f"`{name}` is {value:g}: it is a share above 0, to 1; write 1 for all records"
        )
    if value < SAMPLE_MIN_ONCE:
        notes.append(f"`{name}` is {value:g}: below {SAMPLE_MIN_ONCE}, once the smallest allowed")
    return value


def read_sample_text(name: str, text: str, notes: list[str]) -> float:
    """Return the share of records kept, out of its text."""
    text = text.strip()
    if re.fullmatch(r"[0-9]+,[0-9]+", text):
        remedy = f"a decimal point, not a comma: write {text.replace(',', '.')}"
        raise OptionsInvalid(f"`{name}` is {quoted(text)}: {remedy}")
    number = text.removeprefix("-")
    if not _NUMBER.fullmatch(number):
        raise OptionsInvalid(f"`{name}` is {quoted(text)}, not a number: write a share such as 0.1")
    return read_sample(name, float(text), notes)


def read_timestamps(
    name: str, text: str, notes: list[str], *, any_case: bool, documented_late: bool
) -> TimestampFormat:
    """Return the timestamp format; the two newer ones get a note where no document gives them."""
    word = text.strip()
    if word.lower() not in {each.value for each in TimestampFormat}:
        known = ", ".join(TimestampFormat)
        raise OptionsInvalid(f"`{name}` is {quoted(word)}: it is one of {known}")
    if word != word.lower() and not any_case:
        raise OptionsInvalid(f"`{name}` is {quoted(word)}: write {word.lower()}")
    found = TimestampFormat(word.lower())
    if found in _RECENT and not documented_late:
        notes.append(f"`{name}` is {found}: documented for output_options only")
    return found


def quoted(text: str) -> str:
    """Return a value as an error shows it: cut, with quotation marks, nothing unprintable."""
    cut = text if len(text) <= QUOTED_CHARS_MAX else text[:QUOTED_CHARS_MAX] + "..."
    return '"' + "".join(char if char.isprintable() else "?" for char in cut) + '"'


def _field_remedy(field: str) -> str:
    if "," in field:
        return "that is several names in one; give each its own item"
    if re.search(r"\s", field):
        return "names are separated by commas"
    return "no field is named so; names are letters and digits, such as ClientIP"
