"""Any other Dataset: values by type, vocabulary and name."""

import random
from collections.abc import Callable
from typing import Any, Final

from receiver.emulator.chance import seeded
from receiver.emulator.lines import go_number
from receiver.emulator.nested import array_of_objects, object_of
from receiver.emulator.pools import pools
from receiver.emulator.timestamps import NANOS, NANOS_PER_MS, WriteTimestamp
from receiver.emulator.visitors import Fields, client_ip, hexadecimal
from receiver.job.catalogue import Dataset
from receiver.job.expectation import FieldType

_POOL_BITS: Final = 6
_POOL: Final = 1 << _POOL_BITS  # values per field, made beforehand
_BITS: Final = 48
_MASK: Final = (1 << _BITS) - 1


def _word(rng: random.Random) -> str:
    return rng.choice(pools().words)


def _host(rng: random.Random) -> str:
    return rng.choice(pools().hosts)


_STRINGS: Final[tuple[tuple[tuple[str, ...], Callable[[random.Random], str]], ...]] = (
    (("Attack",), lambda rng: hexadecimal(rng, 32) if rng.random() < 0.1 else ""),
    (("RayID",), lambda rng: hexadecimal(rng, 16)),
    (("Timestamp", "Datetime"), lambda _: ""),
    (("UserAgent",), lambda rng: rng.choice(pools().agents["human"])),
    (("Email", "From", "Sender", "Recipient"), lambda rng: f"{_word(rng)}@example.com"),
    (("Country", "Continent"), lambda rng: rng.choice(pools().places).country),
    (("City",), lambda rng: rng.choice(pools().places).city),
    (("Colo",), lambda rng: rng.choice(pools().places).colo),
    (("URL", "URI", "Link", "Referer"), lambda rng: f"https://{_host(rng)}/{_word(rng)}?a=1&b=<2>"),
    (("Host", "Domain", "SNI", "FQDN", "QueryName"), _host),
    (("Path",), lambda rng: f"/{_word(rng)}/{rng.randrange(900)}"),
    (("Method",), lambda rng: rng.choice(("GET", "GET", "POST"))),
    (("JSON",), lambda rng: f'{{"id":{rng.randrange(900)},"note":"a & b"}}'),
    (("IPAddress", "IP", "Address", "Addr"), client_ip),
    (("ID", "UID", "UUID", "AUD", "Ref", "Hash", "Fingerprint"), lambda rng: hexadecimal(rng, 32)),
)
"""What a name's part says of a string, most telling first."""

_INTS: Final[tuple[tuple[tuple[str, ...], int], ...]] = (
    (("Port",), 65_535),
    (("ASN", "AS"), 64_000),
    (("Status", "StatusCode", "RCode", "ResponseCode"), 5),
    (("Ms",), 2_000),
    (("Bytes", "Bits", "BPS", "Size", "Length"), 2_000_000),
)


class GenericTraffic:
    """Records that know nothing but the catalogue."""

    def __init__(
        self, *, dataset: Dataset, fields: tuple[str, ...], write_timestamp: WriteTimestamp,
        rng: random.Random,
    ) -> None:  # fmt: skip
        self._rng = rng
        self._write = write_timestamp
        known = dataset.types()
        types = {name: known.get(name, FieldType.UNKNOWN) for name in fields}
        self._event_times = frozenset(dataset.event_time_fields)
        self._timestamps = [name for name, kind in types.items() if kind is FieldType.TIMESTAMP]
        self._epoch_ms = [name for name in fields if name in dataset.epoch_ms_fields]
        chance = rng.getrandbits(64)
        self._pools = []
        self._salts = {}
        for name, kind in types.items():
            own = seeded(chance, name)  # a field's values are the same, whatever else is asked for
            self._salts[name] = own.getrandbits(_BITS) | 1
            if kind is not FieldType.TIMESTAMP and name not in dataset.epoch_ms_fields:
                values = [_value(own, dataset, name, kind) for _ in range(_POOL)]
                self._pools.append((name, self._salts[name], values))

    def fill(self, record: Fields, logged_at: int) -> None:
        """Set every field of `record`; what the record tells of happened at `logged_at` (ns)."""
        drawn = self._rng.getrandbits(_BITS)  # once: each field makes its own share of it
        for name, salt, values in self._pools:
            record[name] = values[(drawn * salt & _MASK) >> _BITS - _POOL_BITS]
        for name in self._epoch_ms:
            record[name] = logged_at // NANOS_PER_MS
        for name in self._timestamps:
            share = (drawn * self._salts[name] & _MASK) / _MASK
            earlier = 0 if name in self._event_times else int(share * 30 * NANOS)
            record[name] = self._write(logged_at - earlier)

    def restart(self, records: int | None) -> None:
        """Do nothing: no record has to do with another."""


def _value(rng: random.Random, dataset: Dataset, name: str, kind: FieldType) -> Any:
    words = dataset.vocabulary.get(name)
    if words:
        return rng.choice(words)
    match kind:
        case FieldType.INT:
            return _int(rng, name)
        case FieldType.FLOAT:
            return go_number(round(rng.uniform(0, 100), rng.choice((0, 3))))
        case FieldType.BOOL:
            return rng.random() < 0.5
        case FieldType.OBJECT:
            return object_of(rng, name)
        case FieldType.ARRAY_OBJECT:
            return array_of_objects(rng, name)
        case FieldType.ARRAY_INT:
            return [rng.randrange(1, 200) for _ in range(rng.randrange(4))]
        case FieldType.ARRAY_STRING:
            elements = dataset.vocabulary.get(f"{name}[]")
            return [
                rng.choice(elements) if elements else _string(rng, name)
                for _ in range(rng.randrange(4))
            ]
        case _:
            return "" if rng.random() < 0.1 else _string(rng, name)


def _string(rng: random.Random, name: str) -> str:
    make = next((make for parts, make in _STRINGS if _named(name, parts)), _word)
    return make(rng)


def _int(rng: random.Random, name: str) -> int:
    if rng.random() < 0.1:
        return 0
    return rng.randrange(next((top for parts, top in _INTS if _named(name, parts)), 400))


def _named(name: str, parts: tuple[str, ...]) -> bool:
    singular = name.removesuffix("s")
    return any(singular.endswith(part) or singular.startswith(part) for part in parts)
