"""Endpoints that Logpush pushes to: sumo, https, splunk, datadog, sentinelone.

They hold no objects. What one of them is given in vain is a note, for the push may still work.
"""

import re
from typing import Final

from receiver.destination.day import DATE, DATE_IN_DOCUMENTS
from receiver.destination.destination import Destination, Scheme
from receiver.destination.parts import Parts, host_of
from receiver.destination.query import passed_on
from receiver.secret import Secret

_SUMO_PATH: Final = re.compile(r"(receiver/v1/http/)([^/]+)/?")
_PATHS: Final = {
    Scheme.SPLUNK: ("services/collector/raw",),
    Scheme.DATADOG: ("v1/input", "api/v2/logs"),
    Scheme.SENTINELONE: ("services/collector/raw",),
}
_PORTS: Final = {Scheme.SPLUNK: ("443", "8088")}
_HEADERS: Final = {
    Scheme.SPLUNK: "Authorization",
    Scheme.DATADOG: "DD-API-KEY",
    Scheme.SENTINELONE: "Authorization",
}
# An https:// URL of a store is what consoles show; Logpush wants another scheme for it.
_STORES: Final = (
    (r".*\.(blob|dfs)\.core\.[a-z.]+", "an Azure container", "azure:// and the .blob. host"),
    (
        r"(.*\.)?s3([.-](dualstack|accelerate|[a-z]+(-[a-z]+)+-[0-9]))*\.amazonaws\.com(\.cn)?",
        "an S3 bucket",
        "s3://bucket/path?region=...",
    ),
    (r"(.*\.)?storage\.(googleapis|cloud\.google)\.com", "a Google bucket", "gs://bucket/path"),
    (r".*\.r2\.cloudflarestorage\.com", "an R2 bucket", "r2://bucket/path?account-id=..."),
    (r".*\.sumologic\.(com|net)", "a Sumo Logic source", "sumo:// instead of https://"),
)


def read_sumo(parts: Parts) -> Destination:
    """Read `sumo://<endpoint>/receiver/v1/http/<code>`; whoever has the code can write to it."""
    match = _SUMO_PATH.fullmatch(parts.path)
    if not match:
        raise parts.invalid("the path is not /receiver/v1/http/<code>; copy the source's address")
    headers, parameters = passed_on(parts)
    return Destination(
        conf=parts.conf,
        scheme=parts.scheme,
        bucket=host_of(parts),
        path=match.group(1),
        path_secret=Secret(match.group(2)),
        headers=headers,
        parameters=parameters,
        notes=parts.notes,
    )


def read_http(parts: Parts) -> Destination:
    """Read `https://host/path?header_<Name>=<value>&...` and its kin, parameters kept."""
    host = host_of(parts)
    if parts.scheme is Scheme.HTTPS:
        _refuse_store(parts, host)
    headers, parameters = passed_on(parts)
    return Destination(
        conf=parts.conf,
        scheme=parts.scheme,
        bucket=host,
        path=parts.path,
        headers=headers,
        parameters=parameters,
        notes=(*parts.notes, *_notes(parts, host, {name.lower() for name, _ in headers})),
    )


def note_on_date(parts: Parts) -> tuple[str, ...]:
    """Say what nobody knows: whether a day is substituted where nothing is stored."""
    if DATE in parts.path or DATE_IN_DOCUMENTS in parts.path:
        return (f"whether Logpush substitutes {DATE} for {parts.scheme}:// is not documented",)
    return ()


def _notes(parts: Parts, host: str, headers: set[str]) -> list[str]:
    """Say what the service's own page asks for and the conf does not have."""
    notes = [*note_on_date(parts)]
    paths = _PATHS.get(parts.scheme, ())
    if paths and parts.path.strip("/") not in paths:
        notes.append(f"the path is not /{' or /'.join(paths)}, which {parts.scheme} asks for")
    port = re.search(r":([0-9]+)$", host)
    ports = _PORTS.get(parts.scheme, ())
    if ports and port and port.group(1) not in ports:
        notes.append(f"the port is not {' or '.join(ports)}: Logpush takes no other")
    header = _HEADERS.get(parts.scheme)
    if header and header.lower() not in headers:
        notes.append(f"`header_{header}` is missing: the service will refuse the push")
    if parts.scheme is Scheme.SPLUNK and "channel=" not in _query(parts):
        notes.append("`channel` is missing: the service wants a GUID there")
    return notes


def _refuse_store(parts: Parts, host: str) -> None:
    """Raise where an https:// address is a store's own, with the conf that is meant."""
    for pattern, what, remedy in _STORES:
        if re.fullmatch(pattern, host.partition(":")[0]):
            raise parts.invalid(f"this is the address of {what}; write {remedy}")


def _query(parts: Parts) -> str:
    return parts.query.reveal() if parts.query else ""
