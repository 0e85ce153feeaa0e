"""What differs between two destination_confs, part by part; secrets only as that they differ."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from receiver.destination.destination import Destination
from receiver.destination.parse import parse_destination
from receiver.errors import DestinationInvalid
from receiver.job.change import Change
from receiver.secret import REDACTED, Secret

CONF: Final = "destination_conf"

_PARTS: Final = ("scheme", "account", "bucket", "path", "region", "endpoint", "sse")
_SECRETS: Final = ("access_key_id", "secret_access_key", "sas", "path_secret")

# Names that documents give; of another one nobody knows whether it is not itself a secret.
_NAME: Final = re.compile(
    r"header:[A-Za-z-]{1,40}|channel|insecure-skip-verify|sourcetype|tags|ddsource|service|host"
    r"|ddtags|Api-Key|format|region|sts-[a-z-]{1,20}|access-key-id|secret-access-key|credentials"
    r"|ibm_api_key"
)


def diff_destinations(before: Secret | None, after: Secret | None) -> Iterator[Change]:
    """Yield the parts that differ; a slash at the end or another order of parameters is none."""
    if before == after:
        return
    one, other = _read(before), _read(after)
    if one is None or other is None:
        yield Change(
            field=CONF,
            before=_shown(one, before),
            after=_shown(other, after),
        )
        return
    for name in _PARTS:
        old, new = getattr(one, name), getattr(other, name)
        if old != new:
            yield Change(field=f"destination.{name}", before=old, after=new)
    for name in _SECRETS:
        yield from _hidden(name, getattr(one, name), getattr(other, name))
    yield from _diff_parameters(one, other)


def _diff_parameters(one: Destination, other: Destination) -> Iterator[Change]:
    before, after = _parameters(one), _parameters(other)
    unnamed = False
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) == after.get(name):
            continue
        if _NAME.fullmatch(name):
            yield from _hidden(name, before.get(name), after.get(name))
        else:
            unnamed = True
    if unnamed:
        yield Change(field="destination.parameters", before=REDACTED, after=REDACTED)


def _hidden(name: str, before: object, after: object) -> Iterator[Change]:
    if before != after:
        yield Change(
            field=f"destination.{name}",
            before=REDACTED if before else None,
            after=REDACTED if after else None,
        )


def _parameters(destination: Destination) -> dict[str, list[str]]:
    """Return the values by name; the order of one name's values may mean something."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, value in destination.headers:
        found[f"header:{name.title()}"].append(value.reveal())
    for name, value in destination.parameters:
        found[name].append(value.reveal())
    return dict(found)


def _read(conf: Secret | None) -> Destination | None:
    try:
        return parse_destination(conf.reveal()) if conf else None
    except DestinationInvalid:
        return None


def _shown(destination: Destination | None, conf: Secret | None) -> str | None:
    if destination:
        return str(destination)
    return REDACTED if conf else None
