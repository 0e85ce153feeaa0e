"""Mutations of records, of lines and of the objects that hold them. All draw from a Random."""

import gzip
import json
import zlib
from collections.abc import Callable
from random import Random
from typing import Final

from receiver.job.expectation import FieldType
from tests.fuzz import values
from tests.fuzz.jobs import CATALOGUE, FuzzJob

Pairs = list[tuple[str, str]]  # keys and values, as JSON text
RecordFault = Callable[[Pairs, Random], Pairs]
LineFault = Callable[[bytes, Random], bytes]

_STRANGE_KEYS: Final = ["x", "", "Client IP", "é", 'a"b', "clientip", "k" * 100, "k" * 99 + "l"]
_NO_LINES: Final = [
    *(
        b"",
        b" ",
        b"\t \r",
        b"[]",
        b"1",
        b'"x"',
        b"null",
        b"true",
        b"[{}]",
        b"{}",
        b"{} {}",
        b"{}x",
        b"\x00",
    ),
    *(
        b"\x0c",
        b"\xef\xbb\xbf{}",
        b"{",
        b"}",
        b'{"a"}',
        b'{"a":1,}',
        b"{,}",
        b"\xff",
        b"nan",
        b"NaN",
        b'"\\ud800"',
    ),
    *(
        b"${",
        b"[NaN]",
        b"[" * 100_000,
        b'{"a":' * 3000,
        b"1e999",
        b"-",
        b"-0",
        b'{"a":"\xed\xa0\x80"}',
        b"\xc2\xa0",
    ),
]


def pairs_of(line: bytes) -> Pairs:
    """Take a good record apart; the values keep no spelling of their own."""
    record = json.loads(line)
    return [
        (json.dumps(key), json.dumps(value, ensure_ascii=False, separators=(",", ":")))
        for key, value in record.items()
    ]


def line_of(pairs: Pairs, spaced: int = 0) -> bytes:
    """Put a record together, with white space of four kinds."""
    comma, colon, around = [
        (",", ":", ""),
        (", ", ": ", ""),
        (" , ", " :\t", " "),
        (",\r", ":", "\r"),
    ][spaced]
    inner = comma.join(key + colon + value for key, value in pairs)
    return f"{around}{{{around}{inner}{around}}}{around}".encode()


def field_of(job: FuzzJob, random: Random) -> str:
    """Draw a field, those with more rules more often."""
    names = list(job.expectation.fields or job.expectation.types)
    own = job.expectation.types
    stamps = [name for name in names if own.get(name) is FieldType.TIMESTAMP] or names
    stamps += list(job.expectation.epoch_ms_fields)
    worded = [name.removesuffix("[]") for name in job.expectation.vocabulary] or names
    containers = [name for name in names if own.get(name, "").startswith(("array", "obj"))] or names
    return random.choice(random.choice([names, stamps, worded, containers]))


def record_fault(job: FuzzJob, name: str, random: Random) -> RecordFault:
    """Draw a fault of one field that many records of a batch may have alike."""
    fixed = _fixed_value(job, name, random)
    drawn = random.random() < 0.3
    other = random.choice(sorted(CATALOGUE))
    strange = random.choice(
        [*_STRANGE_KEYS, random.choice(sorted(CATALOGUE[other])), "Subrequests"]
    )

    def value(random: Random) -> str:
        return _fixed_value(job, name, random) if drawn else fixed

    def put(pairs: Pairs, random: Random) -> Pairs:
        return [(key, value(random) if key == f'"{name}"' else old) for key, old in pairs]

    def drop(pairs: Pairs, random: Random) -> Pairs:
        return [pair for pair in pairs if pair[0] != f'"{name}"']

    def add(pairs: Pairs, random: Random) -> Pairs:
        return [*pairs, (json.dumps(strange, ensure_ascii=False), value(random))]

    def rename(pairs: Pairs, random: Random) -> Pairs:
        return [(json.dumps(strange) if key == f'"{name}"' else key, old) for key, old in pairs]

    def repeat(pairs: Pairs, random: Random) -> Pairs:
        at = random.randrange(len(pairs) + 1)
        return [*pairs[:at], (f'"{name}"', value(random)), *pairs[at:]]

    def escape_key(pairs: Pairs, random: Random) -> Pairs:
        escaped = f'"\\u{ord(name[0]):04x}{name[1:]}"'
        return [(escaped if key == f'"{name}"' else key, old) for key, old in pairs]

    def shuffle(pairs: Pairs, random: Random) -> Pairs:
        return random.sample(pairs, len(pairs))

    def turn(pairs: Pairs, random: Random) -> Pairs:
        return pairs[::-1]

    def become_other(pairs: Pairs, random: Random) -> Pairs:
        fields = sorted(CATALOGUE[other])[:12]
        return [(json.dumps(field), value(random)) for field in fields]

    def keep_few(pairs: Pairs, random: Random) -> Pairs:
        return [*pairs[: max(1, len(pairs) // 2 - 1)], (json.dumps(strange), value(random))]

    def spoil(pairs: Pairs, random: Random) -> Pairs:
        return [(key, values.no_value(random) if key == f'"{name}"' else old) for key, old in pairs]

    often = [put] * 12
    others = [drop, drop, add, add, rename, repeat, repeat, escape_key, shuffle, turn]
    return random.choice([*often, *others, become_other, keep_few, spoil])


def _fixed_value(job: FuzzJob, name: str, random: Random) -> str:
    field_type = job.expectation.types.get(name)
    if field_type is FieldType.TIMESTAMP and random.random() < 0.8:
        return random.choice(values.TIMES)
    if name in job.expectation.vocabulary and random.random() < 0.7:
        return values.word(random)
    if f"{name}[]" in job.expectation.vocabulary and random.random() < 0.8:
        items = [values.word(random) for _ in range(random.randrange(4))]
        return "[" + ",".join(items + ['"block"'] * random.randrange(2)) + "]"
    if field_type in values.GOOD and random.random() < 0.4:
        return random.choice(values.GOOD[field_type])
    return values.any_value(random)


def line_fault(random: Random) -> LineFault:
    """Draw a fault of one line's bytes; the line may become several."""
    byte = bytes([random.choice([*b'"\\{}[]:,0 \t\r\n', random.randrange(256)])])
    line_instead = random.choice(_NO_LINES)

    def cut(line: bytes, random: Random) -> bytes:
        return line[: random.randrange(len(line) + 1)]

    def cut_head(line: bytes, random: Random) -> bytes:
        return line[random.randrange(len(line) + 1) :]

    def flip(line: bytes, random: Random) -> bytes:
        at = random.randrange(len(line) or 1)
        return line[:at] + bytes([random.randrange(256)]) + line[at + 1 :]

    def insert(line: bytes, random: Random) -> bytes:
        at = random.randrange(len(line) + 1)
        return line[:at] + byte + line[at:]

    def erase(line: bytes, random: Random) -> bytes:
        at = random.randrange(len(line) or 1)
        return line[:at] + line[at + 1 :]

    def split(line: bytes, random: Random) -> bytes:
        at = line.find(b",", random.randrange(len(line) + 1))
        return line[: at + 1] + b"\n" + line[at + 1 :]

    def join(line: bytes, random: Random) -> bytes:
        return line + random.choice([b"", b" ", b",", b"\r"]) + line

    def repeat(line: bytes, random: Random) -> bytes:
        return line + b"\n" + line

    def around(line: bytes, random: Random) -> bytes:
        return random.choice([b" ", b"\t", b"\r", b"\x0b", b"\xa0"]) + line + b" \r"

    def replace(line: bytes, random: Random) -> bytes:
        return line_instead

    return random.choice(
        [cut, cut_head, flip, flip, insert, erase, split, join, repeat, around, replace, replace]
    )


def pack(plain: bytes, random: Random) -> bytes:
    """Compress as one object or another: members, padding, and sometimes a fault.

    Many members are many blocks of text: what is learned in one counts in the next.
    """
    level = random.choice([0, 1, 6])
    at = sorted(random.randrange(len(plain) + 1) for _ in range(random.choice([0, 0, 1, 3, 30])))
    parts = [plain[start:end] for start, end in zip([0, *at], [*at, len(plain)], strict=True)]
    members = [gzip.compress(part, level, mtime=0) for part in parts]
    data = random.choice([b"", b"", b"\0", b"\0" * 700]).join(members)
    fault = random.choice(
        [*["none"] * 12, "cut", "crc", "length", "after", "plain", "pad", "flip", "zlib"]
    )
    at_random = random.randrange(len(data))
    match fault:
        case "cut":
            return data[:at_random]
        case "crc":
            return data[:-8] + b"\1\2\3\4" + data[-4:]
        case "length":
            return data[:-1] + bytes([data[-1] ^ 1])
        case "after":
            return data + random.choice([b"\x1f", b"\x1f\x8b", b"PK\x03\x04", b"x" * 99, b"\0\0x"])
        case "plain":
            return plain
        case "pad":
            return data + b"\0" * random.choice([1, 512, 70_000])
        case "flip":
            return data[:at_random] + bytes([random.randrange(256)]) + data[at_random + 1 :]
        case "zlib":
            return zlib.compress(plain)
    return data
