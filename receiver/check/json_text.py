"""JSON text: what a decoder does not tell (repeated keys), and where two parsers differ."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, NoReturn

import msgspec

from receiver.check import bulk
from receiver.check.bulk_pure import texts_of

_FIRST_RECORDS: Final = 50  # so many show which job a batch is of
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class Unreadable(Exception):
    """A line that holds no JSON value; the message says where and why."""


def quotes_of(value: object) -> int:
    """Count the quotes that a decoded value needs when written as JSON.

    In valid JSON without a repeated key they are all the quotes that begin or end a string, and
    each repeated key adds two at least: comparing finds repeated keys without parsing again.
    """
    try:
        return bulk.quotes_of(value)
    except RecursionError:
        return sum(2 for _ in texts_of(value))


def decode(line: bytes) -> Any:
    """Decode one line as JSON, strictly; of a repeated key the last value counts.

    msgspec is fast and refuses two things that are JSON: numbers beyond its range, and half a
    surrogate pair. So what it refuses is asked of the standard library too.

    Raises:
        UnicodeDecodeError: the line is not UTF-8, or holds half a surrogate pair.
        Unreadable: the line is not JSON, or is nested too deeply to be read.
    """
    try:
        return msgspec.json.decode(line)
    except (ValueError, RecursionError):
        pass
    text = line.decode()
    try:
        value = json.loads(text, parse_constant=_refuse, parse_int=_integer)
        lone = "\\u" in text and _has_lone_surrogate(text)
    except RecursionError as error:
        raise Unreadable("nested too deeply") from error
    except json.JSONDecodeError as error:
        raise Unreadable(f"{error.msg} at byte {len(text[: error.pos].encode()) + 1}") from error
    except ValueError as error:
        raise Unreadable(str(error)) from error
    if lone:
        raise UnicodeDecodeError("utf-8", line, 0, 1, "half a surrogate pair")
    return value


def first_records(lines: Sequence[bytes]) -> list[dict[str, Any]]:
    """Return the first records among some lines, enough to tell a job by."""
    records: list[dict[str, Any]] = []
    for line in lines:
        try:
            record = decode(line)
        except (Unreadable, UnicodeDecodeError):
            continue
        if isinstance(record, dict):
            records.append(record)
        if len(records) == _FIRST_RECORDS:
            break
    return records


def repeated_keys(line: bytes) -> list[str]:
    """Return the keys that some object of the line has more than once, sorted."""
    repeated: set[str] = set()

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) != len(pairs):
            times = Counter(key for key, _ in pairs)
            repeated.update(key for key, count in times.items() if count > 1)
        return values

    json.loads(line, object_pairs_hook=note, parse_int=_integer)
    return sorted(repeated)


def _refuse(constant: str) -> NoReturn:
    raise Unreadable(f"{constant} is no JSON")


def _integer(digits: str) -> int:
    """Read an integer; of one that Python refuses to convert, the first digits are as telling."""
    return int(digits[:1000])


def _has_lone_surrogate(text: str) -> bool:
    """Whether a key or a value holds half a pair, those hidden by a repeated key included."""
    parts: list[object] = []
    whole = json.loads(
        text, object_pairs_hook=lambda pairs: parts.extend(map(list, pairs)), parse_int=_integer
    )
    return any(_LONE_SURROGATE.search(each) for each in texts_of([whole, parts]))
