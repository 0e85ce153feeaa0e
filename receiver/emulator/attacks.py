"""Attack traffic: what a job with `filter_attack_traffic` leaves out.

Documented is the effect, for three data sets: DDoS attack traffic is left out. Which records are
that, no document says. The marks here are ours: the DDoS rules' own source, an attack's id.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

Record = Mapping[str, Any]

_SOURCE: Final = "l7ddos"

_MARKS: Final[dict[str, tuple[str, Callable[[Any], bool]]]] = {
    "http_requests": ("SecuritySources", lambda sources: _SOURCE in sources),
    "firewall_events": ("Source", lambda source: bool(source == _SOURCE)),
    "network_analytics_logs": ("AttackID", bool),
}


def attack_field(dataset: str) -> str | None:
    """Return the field that tells attack traffic apart; None where the option has no effect."""
    mark = _MARKS.get(dataset)
    return mark[0] if mark else None


def is_attack(dataset: str, record: Record) -> bool:
    """Say whether a record, which has its `attack_field`, is of attack traffic."""
    field, tells = _MARKS[dataset]
    return tells(record[field])
